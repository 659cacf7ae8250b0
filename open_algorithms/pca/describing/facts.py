"""A model described in words and numbers, for people."""

from open_algorithms.learning.columns.describe import describe_recipe
from open_algorithms.learning.showing.text_table import TextTable
from open_algorithms.learning.showing.words import format_count
from open_algorithms.pca.artifact.model import ComponentModel
from open_algorithms.pca.describing.loadings import list_largest_loadings
from open_algorithms.pca.describing.spectrum import SHARES, accumulate_ratios, count_components

SHOWN_COMPONENTS, SHOWN_LOADINGS = 20, 3
TABLED_COMPONENTS, TABLED_FEATURES = 5, 20  # whose loadings are a table


def model_facts(model: ComponentModel) -> list[tuple[str, str]]:
    """Return everything about a model but its components, as pairs of a name and a text."""
    known = [("components", format_count(model.outputs)), ("features", format_count(model.feature_dim))]
    known.append(("mean", "subtracted" if model.mean.any() else "0"))
    if model.scales is not None:
        known.append(("features are divided by", "their standard deviations"))
    if "rows" in model.facts:
        known.append(("training rows", format_count(round(model.facts["rows"]))))
    if "total_variance" in model.facts:
        known.append(("total variance", f"{model.facts['total_variance']:.6g}"))
    if (ratios := model.explained_ratios) is not None:
        known.append(("explained variance", f"{accumulate_ratios(ratios)[-1]:.2%}"))
        known += [
            (f"components for {share:.0%}", count)
            for share in SHARES
            if (count := describe_count(model.facts["explained_variance_ratios"], share))
        ]
    return known


def describe_count(ratios: list[float], share: float) -> str:
    """Say how many components explain a share of the variance; empty where more are needed than are known."""
    count = count_components(ratios, share)
    return "" if count is None else format_count(count)


def model_tables(model: ComponentModel) -> list[TextTable]:
    """Return the columns of the model's table, its components, and the largest loadings of the first of them."""
    columns = [] if model.recipe is None else [describe_recipe(model.recipe)]
    return [*columns, components_table(model), loadings_table(model)]


def components_table(model: ComponentModel) -> TextTable:
    """Tabulate the largest components: their singular values, shares of the variance, and largest loadings."""
    count, ratios = min(SHOWN_COMPONENTS, model.outputs), model.explained_ratios
    heads = ["component", "singular value", *(["explains", "so far"] if ratios else []), "largest loadings"]
    totals = accumulate_ratios(ratios or [])
    rows = []
    for i in range(count):
        shares = [f"{ratios[i]:.2%}", f"{totals[i]:.2%}"] if ratios else []
        value = float(model.singular_values[model.outputs - 1 - i])
        rows.append([name_component(model, i), f"{value:.6g}", *shares, describe_loadings(model, i)])
    some = f"the {count} largest of {model.outputs:,}" if count < model.outputs else "the largest first"
    return TextTable(f"Components, {some}", heads, rows)


def name_component(model: ComponentModel, component: int) -> str:
    """Name a component, 0 being the largest, by the place of its values in answers."""
    return f"{component + 1} (projection_{model.outputs - 1 - component})"


def describe_loadings(model: ComponentModel, component: int) -> str:
    """Write the largest loadings of a component."""
    return ", ".join(f"{value:+.3f} {name}" for name, value in list_largest_loadings(model, component, SHOWN_LOADINGS))


def loadings_table(model: ComponentModel) -> TextTable:
    """Tabulate the loadings of the largest components, the largest of any of them first."""
    count = min(TABLED_COMPONENTS, model.outputs)
    by_feature: dict[str, list[float]] = {}
    for i in range(count):
        for name, value in list_largest_loadings(model, i, model.feature_dim):
            by_feature.setdefault(name, [0.0] * count)[i] = value
    largest = sorted(by_feature.items(), key=lambda item: -max(map(abs, item[1])))
    rows = [[name, *(f"{value:+.4f}" for value in values)] for name, values in largest[:TABLED_FEATURES]]
    some = f"the {TABLED_FEATURES} largest of {model.feature_dim:,}" if len(largest) > TABLED_FEATURES else "all"
    return TextTable(f"Loadings, {some}", ["feature", *(str(i + 1) for i in range(count))], rows)
