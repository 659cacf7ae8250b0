"""A model as an HTML fragment: its facts, how much components explain, and what the largest ones are made of."""

from markupsafe import Markup

from open_algorithms.learning.showing.bars import draw_bars
from open_algorithms.learning.showing.portraits import frame_figure, join_lines, list_facts, list_names
from open_algorithms.pca.artifact.model import ComponentModel
from open_algorithms.pca.describing.facts import model_facts
from open_algorithms.pca.describing.loadings import list_largest_loadings
from open_algorithms.pca.describing.spectrum import accumulate_ratios

MAX_BARS = 20  # components whose shares are drawn
PICTURED_COMPONENTS, LOADING_BARS = 6, 8  # components whose loadings are drawn, and bars of each

_PORTRAIT = Markup("<h1>{}</h1>\n{}\n<h2>Components</h2>\n<p>{}</p>\n{}\n{}")
_ORDER = (
    "Component 1 explains most of the variance. As in the original, it is the last number of an answer. Bars of a "
    "component show what a row has more of, the larger its number is, and what it has less of."
)


def render_portrait(model: ComponentModel) -> Markup:
    """Render a model as a fragment of HTML."""
    title = f"{model.outputs:,} principal component{'' if model.outputs == 1 else 's'}"
    figures = [*draw_shares(model), *(draw_loadings(model, i) for i in range(min(PICTURED_COMPONENTS, model.outputs)))]
    names = list_names(model.names, None if model.recipe is None else model.recipe.column_names)
    return _PORTRAIT.format(title, list_facts(model_facts(model)), _ORDER, join_lines(figures), names)


def draw_shares(model: ComponentModel) -> list[Markup]:
    """Draw the share of the variance that each component explains, in percent, where it is known."""
    ratios = model.explained_ratios
    if ratios is None:
        return []
    shown = [100 * ratio for ratio in ratios[:MAX_BARS]]
    caption = "Variance that each component explains, in percent"
    return [frame_figure(caption, draw_bars([str(i + 1) for i in range(len(shown))], shown, caption))]


def draw_loadings(model: ComponentModel, component: int) -> Markup:
    """Draw the largest loadings of a component."""
    found = list_largest_loadings(model, component, LOADING_BARS)
    ratios = model.explained_ratios
    share = f", {ratios[component]:.1%} of the variance" if ratios else ""
    if ratios and component:
        share += f", {accumulate_ratios(ratios)[component]:.1%} with those before"
    caption = f"Component {component + 1}{share}"
    bars = draw_bars([name for name, _ in found], [value for _, value in found], caption)
    return frame_figure(caption, bars)
