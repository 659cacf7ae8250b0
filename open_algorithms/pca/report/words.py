"""What the report says in sentences: the result, how many components to take, what to beware of, and what is next.

Tests: tests/pca/report/test_page.py.
"""

from collections.abc import Iterator

from open_algorithms.learning.showing.words import format_count, format_number
from open_algorithms.pca.measuring.dominance import is_dominant, warn_of_dominance
from open_algorithms.pca.report.schema import Report

LOST_SHARE = 0.9  # of what is kept of the train rows, below which test rows are said to be other ones
USUAL_SHARE = 0.9  # of the variance, that people often want to keep


def count_components(report: Report) -> str:
    """Return the number of components in words."""
    return f"{format_count(len(report.components))} component{'' if len(report.components) == 1 else 's'}"


def kept_share(report: Report) -> float:
    """Return the share of the variance of the train rows that is kept."""
    return report.data.channels["train"].explained_variance_ratio


def summary_text(report: Report) -> str:
    """Summarise the result in a few sentences."""
    how = "exact, from one pass over the rows" if report.search.all_pairs else f"found in {report.search.passes} passes"
    if not report.search.all_pairs and report.search.exact:
        how += ", and exact"
    text = f"{count_components(report)} of {format_count(report.data.features)} features keep {kept_share(report):.1%} "
    text += f"of the variance of the rows. They are {how}."
    needed = next(one.components for one in report.needed if one.share == USUAL_SHARE)
    return text if needed is None else f"{text} For {USUAL_SHARE:.0%} it takes {format_count(needed)}."


def choice_note(report: Report) -> str:
    """Explain how to choose the number of components."""
    known, told = len(report.spectrum.singular_values), "all components there are"
    if known < report.data.features:
        told = f"the {format_count(known)} components that were looked for"
    return (
        f"The curves tell of {told}, so that another number of them needs no other job to be judged: a model of fewer "
        "components has the largest ones of this one. Look for the component from which on the curve is flat, or for "
        "the share of the variance that is to be kept. Shares are of the total variance, not of that of the components "
        "of the model alone."
    )


def order_note(report: Report) -> str:
    """Explain the order of components, signs and loadings."""
    unit = "features divided by their standard deviations" if report.data.normalized else "features in their own units"
    return (
        "Component 1 explains most. As in the original, the order in the model and in answers is the reverse: its "
        f"number is the last one of a projection. Loadings are of {unit}; the squares of those of a component add up "
        "to 1. The sign of a component means nothing by itself: here its largest loading is positive."
    )


def error_note(report: Report) -> str:
    """Explain the figures of channels."""
    unit = "in units of their standard deviations" if report.data.normalized else "in their own units"
    about = "the mean of the train rows" if report.data.centred else "0, since no mean is subtracted"
    return (
        f"explained_variance_ratio is the share of the squared distances of rows from {about} that their projections "
        f"keep; reconstruction_mse is the mean squared error of a feature that is reconstructed from them, {unit}."
    )


def list_warnings(report: Report) -> Iterator[str]:
    """Yield what a reader should know before the figures."""
    data, search = report.data, report.search
    if report.stopped:
        yield (
            "The job was asked to stop before its end: the components are those of the "
            f"{format_count(data.channels['train'].rows)} rows that had been read by then, or of the passes so far."
        )
    if not search.exact and report.algorithm_mode == "regular":
        yield (
            f"The last components are not exact after {search.passes} passes: their variances are so close to those of "
            "the next ones that their directions are hardly defined. Fewer components may be."
        )
    if is_dominant(data.dominant_share, data.features) and not data.normalized:
        yield warn_of_dominance(data.dominant, data.dominant_share)
    if empty := sum(entry.singular_value == 0 for entry in report.components):
        yield f"{format_count(empty)} of {count_components(report)} explain nothing: the rows have fewer directions."
    test = data.channels.get("test")
    if test is not None and test.explained_variance_ratio < LOST_SHARE * kept_share(report):
        yield (
            f"The components keep {test.explained_variance_ratio:.1%} of the variance of the test rows, but "
            f"{kept_share(report):.1%} of that of the train rows: these are other rows, or there are too few of them."
        )


def list_next_steps(report: Report) -> Iterator[str]:
    """Yield what can be done now."""
    needed = next(one.components for one in report.needed if one.share == USUAL_SHARE)
    if needed is not None and needed < len(report.components):
        yield f"Take the last {format_count(needed)} numbers of each projection, where {USUAL_SHARE:.0%} is enough."
    elif needed is not None and needed > len(report.components):
        yield f"Train with num_components={needed}, where {USUAL_SHARE:.0%} of the variance is to be kept."
    if not report.data.normalized and report.data.features > 1:
        yield "Train with normalize_data=true, unless the units of the features are comparable."
    if "test" not in report.data.channels:
        yield (
            "Give rows that were not trained on as the channel test, to see whether the components keep as much of "
            f"them as of these, where {format_number(report.data.channels['train'].reconstruction_mse)} is the error."
        )
    yield "Project any rows by pca predict or pca serve, and take the projections as features of another model."
