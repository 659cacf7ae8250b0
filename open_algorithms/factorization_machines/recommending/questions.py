"""Questions for recommendations, as a client of a server writes them in JSON, and their answers."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from itertools import groupby
from typing import Any

from open_algorithms.factorization_machines.artifact.model import FactorModel
from open_algorithms.factorization_machines.recommending.pairs import list_names
from open_algorithms.factorization_machines.recommending.recommender import Recommender, open_recommender
from open_algorithms.learning.columns.faults import ColumnFault
from open_algorithms.learning.columns.values import write_number
from open_algorithms.learning.job.errors import InputError

USUAL_TOP, MOST_ITEMS = 10, 1_000_000  # items that are recommended in one request


@dataclass(frozen=True)
class Question:
    """What to recommend: for a user, so many items, given the values of other columns, without some."""

    user: str
    top: int
    context: Mapping[str, str | None]
    exclude_seen: bool
    exclude: Sequence[str]
    user_column: str
    item_column: str

    @property
    def kind(self) -> tuple[int, bool, str, str]:
        """What questions that are answered together have in common."""
        return self.top, self.exclude_seen, self.user_column, self.item_column


EXPECTED = tuple(field.name for field in fields(Question))


def recommend_items(model: FactorModel, asked: Sequence[Any]) -> Iterator[dict[str, Any]]:
    """Yield an answer for each question: the user, whether the model knows it, and items with scores, the best first.

    A user that the model does not know is recommended what suits any. Raises InputError for a question that cannot be
    understood.
    """
    places = [f"recommend, question {number}" if len(asked) > 1 else "recommend" for number in range(1, len(asked) + 1)]
    questions = [read_question(one, place) for one, place in zip(asked, places, strict=True)]
    recommenders = {one.kind: open_for(model, one) for one in questions}
    for question, place in zip(questions, places, strict=True):
        check_context(recommenders[question.kind], question, place)
    items = sum(min(one.top, recommenders[one.kind].item_count) for one in questions)
    if items > MOST_ITEMS:
        raise InputError(
            f"recommend: expected at most {MOST_ITEMS:,} items for all users of a request, found {items:,}. Ask for "
            "fewer items, or for fewer users at once."
        )
    for kind, alike in groupby(questions, lambda one: one.kind):
        yield from answer_alike(recommenders[kind], list(alike))


def open_for(model: FactorModel, question: Question) -> Recommender:
    """Return what answers a question."""
    return open_recommender(model, question.user_column, question.item_column, not question.exclude_seen)


def answer_alike(recommender: Recommender, questions: Sequence[Question]) -> Iterator[dict[str, Any]]:
    """Answer questions of one kind together."""
    import pyarrow

    rows = [{**one.context, recommender.user_column: one.user} for one in questions]
    arrays = {
        name: pyarrow.array([row.get(name) for row in rows], pyarrow.string())
        for name in [recommender.user_column, *recommender.context_columns]
    }
    excluded = [recommender.place_items(pyarrow.array(one.exclude, pyarrow.string())) for one in questions]
    try:
        answers = recommender.recommend(arrays, questions[0].top, excluded)
        for question, found in zip(questions, answers, strict=True):
            pairs = zip(found.items, found.scores, strict=True)
            recommendations = [{"item": item, "score": score} for item, score in pairs]
            yield {"user": question.user, "known": found.known, "recommendations": recommendations}
    except ColumnFault as fault:
        raise InputError(f"recommend, context, {fault}.") from None


def read_question(asked: Any, place: str) -> Question:
    """Return the question that a value of JSON is; raises InputError with its place where it is none."""
    if not isinstance(asked, dict):
        raise InputError(f'{place}: expected an object such as {{"user": "42", "top": 10}}, found {shorten(asked)}.')
    if unknown := [name for name in asked if name not in EXPECTED]:
        raise InputError(f"{place}: expected {', '.join(EXPECTED)}, found {unknown[0]!r}.")
    if write_value(asked.get("user")) is None:
        raise InputError(f"{place}: expected a user, a text or a number, found {shorten(asked.get('user'))}.")
    top = asked.get("top", USUAL_TOP)
    if not isinstance(top, int) or isinstance(top, bool) or top < 1:
        raise InputError(f"{place}: expected a whole number from 1 on as top, found {shorten(top)}.")
    context = asked.get("context", {})
    if not isinstance(context, dict) or any(isinstance(value, dict | list) for value in context.values()):
        raise InputError(
            f'{place}: expected an object of columns and their values as context, such as {{"hour": 12}}, found '
            f"{shorten(context)}."
        )
    exclude_seen = asked.get("exclude_seen", True)
    if not isinstance(exclude_seen, bool):
        raise InputError(f"{place}: expected true or false as exclude_seen, found {shorten(exclude_seen)}.")
    exclude = asked.get("exclude", [])
    if not isinstance(exclude, list) or None in map(write_value, exclude):
        raise InputError(f"{place}: expected a list of items, texts or numbers, as exclude, found {shorten(exclude)}.")
    names = [asked.get(name, "") for name in ("user_column", "item_column")]
    if not all(isinstance(name, str) for name in names):
        raise InputError(f"{place}: expected names of columns as user_column and item_column, found {shorten(names)}.")
    texts = {name: write_value(value) for name, value in context.items()}
    excluded = [write_value(item) or "" for item in exclude]
    return Question(write_value(asked["user"]) or "", top, texts, exclude_seen, excluded, *names)


def check_context(recommender: Recommender, question: Question, place: str) -> None:
    """Raise InputError where a question gives the value of a column that is no context."""
    others = recommender.context_columns
    if unknown := [name for name in question.context if name not in others]:
        raise InputError(
            f"{place}: expected columns of the model beside user and item as context, {list_names(others)}, found "
            f"{unknown[0]!r}."
        )


def write_value(value: Any) -> str | None:
    """Write a value of JSON as in the data of a table; None where there is none."""
    match value:
        case bool():
            return "true" if value else "false"
        case int() | float():
            return write_number(float(value)) if abs(value) <= 2**53 else str(value)
        case str():
            return value
        case _:
            return None


def shorten(value: Any) -> str:
    """Return a value for a message."""
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:80]}..."
