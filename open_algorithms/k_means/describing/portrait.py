"""A model as an HTML fragment: its facts, the sizes of its clusters, and what tells them apart."""

from markupsafe import Markup

from open_algorithms.k_means.artifact.model import CentroidModel
from open_algorithms.k_means.describing.facts import model_facts
from open_algorithms.k_means.describing.telling import Differences, largest_clusters, read_sizes
from open_algorithms.learning.showing.bars import draw_bars
from open_algorithms.learning.showing.portraits import frame_figure, join_lines, list_facts, list_names
from open_algorithms.learning.showing.words import format_count

MAX_BARS = 20  # clusters whose sizes are drawn
PICTURED_CLUSTERS, CLUSTER_BARS = 10, 5  # clusters of which features are drawn, and features of each

_PORTRAIT = Markup("<h1>K-Means</h1>\n{}\n{}\n<h2>What tells clusters apart</h2>\n<p>{}</p>\n{}\n{}")
_SIZES = Markup("<h2>Clusters</h2>\n{}")
_MORE = Markup("<p>These are {} of {:,} clusters.</p>")


def render_portrait(model: CentroidModel) -> Markup:
    """Render a model as a fragment of HTML."""
    differences = Differences(model)
    unit = "in the feature's own unit" if model.deviations is None else "in standard deviations of the feature"
    mean = f"the mean of all {differences.mean_of}"
    return _PORTRAIT.format(
        list_facts(model_facts(model)),
        _draw_sizes(model),
        f"A bar to the right is how far a center is above {mean}, one to the left how far below, {unit}.",
        _draw_differences(model, differences),
        list_names(model.names, None if model.recipe is None else model.recipe.column_names),
    )


def _draw_sizes(model: CentroidModel) -> Markup:
    """Draw how many rows of training clusters have; nothing where that is not known."""
    sizes = read_sizes(model)
    if sizes is None:
        return Markup("")
    shown = largest_clusters(model, MAX_BARS)
    caption = "Rows of each cluster" if len(shown) == model.outputs else f"Rows of the {MAX_BARS} largest clusters"
    values = sizes[shown].tolist()
    bars = draw_bars([f"cluster {c}" for c in shown], values, caption, lambda value: format_count(round(value)))
    return _SIZES.format(frame_figure(caption, bars))


def _draw_differences(model: CentroidModel, differences: Differences) -> Markup:
    """Draw for some clusters the features in which their centers are furthest from the mean of all rows."""
    shown = largest_clusters(model, PICTURED_CLUSTERS)
    figures = []
    for cluster in shown:
        found = differences.find(cluster, CLUSTER_BARS)
        bars = draw_bars([one.name for one in found], [one.away for one in found], f"Center of cluster {cluster}")
        figures.append(frame_figure(f"Cluster {cluster}", bars))
    which = "the first" if read_sizes(model) is None else "the largest"
    more = [_MORE.format(f"{which} {len(shown)}", model.outputs)] if len(shown) < model.outputs else []
    return join_lines([*figures, *more])
