"""What the report says in sentences: the result, what was chosen and why, what to beware of, and what to do next.

Tests: tests/factorization_machines/report/test_page.py.
"""

import math
from collections.abc import Iterator

from open_algorithms.factorization_machines.report.schema import CandidateEntry, RecommendationSummary, Report
from open_algorithms.learning.showing.quality.advice import Remedies, list_advice
from open_algorithms.learning.showing.quality.scores import name_score
from open_algorithms.learning.showing.quality.words import warn_of_figures
from open_algorithms.learning.showing.words import count_noun, format_count, format_rounded

NAMED_CANDIDATES = 5
SETTINGS_NOTE = (
    "Shrinkage is that of linear weights / factors by each row that has a feature; rates and decays are those of the "
    "bias / linear weights / factors. All candidates but 0 take the mean of their weights over an epoch."
)


def name_rows(report: Report) -> str:
    """Name the rows that candidates were chosen on."""
    training = report.training
    if training.held_out:
        return f"the {format_count(training.held_out)} rows held out of train"
    return f"the {training.deciding} rows"


def is_trained_as_original(entry: CandidateEntry) -> bool:
    """Tell whether a candidate trained as the original does."""
    return entry.candidate == 0


def describe_model(report: Report) -> str:
    """Say what the model is made of."""
    chosen, count = report.chosen, len(report.candidates)
    factors = count_noun(report.num_factors, "factor")
    if len(chosen) > 1:
        return f"The model is the mean of {len(chosen)} of {count} candidates, in one machine of {factors}."
    which = f"candidate {chosen[0].candidate} of {count}" if count > 1 else "one candidate"
    return f"The model is {which}, a machine of {factors}."


def list_warnings(report: Report) -> Iterator[str]:
    """Yield what a reader should know before the figures."""
    training = report.training
    if report.stopped:
        yield (
            "The job was asked to stop before its end: the model is the best that there was by then, and the figures "
            "are those of the first rows of each channel."
        )
    if training.held_out:
        again = ", before what was chosen learned again from them, too" if training.refitted else ""
        what = "candidates" if report.threshold is None else "candidates and threshold"
        yield (
            f"There was no validation channel: {what} were chosen on {name_rows(report)}. They are the validation rows "
            f"below, whose figures are those of the model{again}."
        )
    elif training.deciding == "train" and len(report.candidates) > 1:
        yield (
            "There was no validation channel, and nothing was held out: candidates were chosen on the rows that they "
            "learned from, so the figures of the train rows look better than they are."
        )
    lost = [str(entry.candidate) for entry in report.candidates if entry.epochs and not math.isfinite(entry.loss)]
    if lost:
        yield f"Left out, since their loss is not finite: the candidates {', '.join(lost)}."
    yield from warn_of_figures(report.judgement)


def losses_note(report: Report) -> str:
    """Explain how the losses are computed."""
    text = "A loss on the train rows is that before each update, in the mean of the epoch. "
    if "validation" in report.losses:
        text += (
            "A candidate stops once its loss on the others has not fallen for some epochs, or can no longer come near "
        )
        text += "the best; what it had learned by its best epoch counts."
    return text


def choice_note(report: Report) -> str:
    """Explain what was chosen, and how good the candidates are by themselves."""
    chosen, rows, training = report.chosen, name_rows(report), report.training
    if not training.epochs:
        return f"No epoch came to its end: the model is as far as training got. {describe_model(report)}"
    best = min(report.candidates, key=lambda entry: entry.loss if math.isfinite(entry.loss) else math.inf)
    loss, lowest = name_score(report.objective), format_rounded(best.loss, 4)
    text = f"The lowest {loss} on {rows} is that of candidate {best.candidate}, {lowest}."
    if len(report.candidates) == 1:
        text = f"There was one candidate; its {loss} on {rows} is {lowest}."
    if len(chosen) > 1:
        text += (
            " Where candidates err in different rows, their mean errs less than each of them: the model is the mean of "
            f"the scores of {name_candidates(chosen)} by their shares."
        )
    original = next((entry for entry in report.candidates if is_trained_as_original(entry)), None)
    if original is not None and not original.share:
        text += (
            f" Candidate 0, which trains as the original does with these hyperparameters, comes to "
            f"{format_rounded(original.loss, 4)}."
        )
    return f"{describe_model(report)} {text}"


def name_candidates(entries: list[CandidateEntry]) -> str:
    """Name several candidates, of many the first."""
    names = [str(entry.candidate) for entry in entries]
    if len(names) > NAMED_CANDIDATES:
        names = [*names[:NAMED_CANDIDATES], count_noun(len(names) - NAMED_CANDIDATES, "other")]
    return f"candidates {', '.join(names[:-1])} and {names[-1]}"


def learned_note(report: Report) -> str:
    """Explain what weights and pairs are, and in what units."""
    score = "the score" if report.predictor_type == "regressor" else "the log odds of a score"
    text = f"What a feature adds to {score}, and what two features add when they are together: the product of their "
    text += "factors. "
    if report.data.normalized:
        text += "All in the units of training, which makes them comparable: of flags 1, of other features about their "
        text += "deviation. Above 0 they raise the score, below 0 they lower it."
    else:
        text += "All in the features' own units: normalize_data is off, so that they depend on these."
    if report.columns is None and report.pairs:
        text += " Of features that are never together in a row, such as two users, a pair says nothing."
    return text


def recommendation_note(found: RecommendationSummary) -> str:
    """Explain what is recommended, and how much of that is popular anyway."""
    text = (
        f"For each of {format_count(found.asked_users)} users, by the column {found.user_column}: the {found.top} best "
        f"of {format_count(found.items)} items, by the column {found.item_column}, that were not seen with that user, "
        f"all else unknown. Together that is {count_noun(found.recommended_items, 'different item')}."
    )
    count = len(found.popular)
    if count < found.items:
        popular = sum(entry.recommended for entry in found.popular) / max(1, found.recommendations)
        pairs = sum(entry.users for entry in found.popular) / max(1, found.pairs)
        text += (
            f" The {count} most popular ones have {pairs:.1%} of the pairs of a user and an item in the train rows, "
        )
        text += f"and {popular:.1%} of the recommendations."
    return text


def list_next_steps(report: Report) -> Iterator[str]:
    """Yield what can be done now."""
    training, chosen = report.training, report.chosen
    if any(entry.best_epoch == training.epochs_wanted - 1 for entry in chosen) and not report.stopped:
        yield (
            f"Train longer, with epochs={2 * training.epochs_wanted} or more: a chosen candidate was still getting "
            "better in its last epoch."
        )
    factors = [int(str(entry.settings["num_factors"])) for entry in report.candidates]
    if training.epochs and min(factors) < max(factors) == chosen[0].settings["num_factors"]:
        yield (
            f"Try more factors, with num_factors={2 * max(factors)}: the candidate with the largest share has as many "
            "as any."
        )
    if len(report.candidates) == 1:
        yield "Train several candidates in the same job, with num_models=13, say: their mean is mostly better than one."
    yield from list_advice(report.judgement, Remedies())
    if report.recommendations is not None:
        yield "Recommend items to users by factorization_machines recommend."
    yield "Predict any rows by factorization_machines predict or factorization_machines serve."
