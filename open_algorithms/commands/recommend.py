"""Recommend items to users by a model that knows both: to one user, or to all of a file."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from container.rows.columns import show_names
from open_algorithms.commands.recommending.reading import WantedColumns, read_columns
from open_algorithms.commands.recommending.writing import Names, write_csv, write_csv_header, write_json, write_table
from open_algorithms.commands.tables.models import load_model
from open_algorithms.commands.telling.faults import CommandError, UsageError
from open_algorithms.commands.telling.files import open_output
from open_algorithms.commands.telling.say import print_message
from open_algorithms.doors.algorithms import Algorithm
from open_algorithms.learning.columns.faults import ColumnFault

LACK = "recommends nothing"


@dataclass(frozen=True)
class RecommendRequest:
    """To whom is recommended, one `user` or the `users` of a file, how many items, and how they are written.

    `context` are values of other columns. What was seen in training is left out, unless `includes_seen`, and what is in
    the file `seen`.
    """

    user: str | None = None
    users: Path | None = None
    top: int = 10
    user_column: str = ""
    item_column: str = ""
    context: Mapping[str, str] = field(default_factory=dict)
    seen: Path | None = None
    includes_seen: bool = False
    stated_type: str | None = None
    as_json: bool = False
    out: Path | None = None


def recommend_items(algorithm: Algorithm, path: Path, request: RecommendRequest) -> None:
    """Write what the model at `path` recommends: to a file as a whole or not at all, or to stdout."""
    open_recommender = algorithm.require("open_recommender", LACK)
    model = load_model(algorithm, path).model
    recommender = open_recommender(model, request.user_column, request.item_column, request.includes_seen)
    if unknown := [name for name in request.context if name not in recommender.context_columns]:
        others = show_names(recommender.context_columns, 40) if recommender.context_columns else "none"
        raise UsageError(
            f"--with {unknown[0]}: expected a column of the model beside users and items; they are {others}."
        )
    if request.seen is not None:
        recommender = leave_out_pairs(recommender, request.seen, request.stated_type)
    elif not recommender.seen and not request.includes_seen:
        print_message("the model does not know what users have seen, so nothing is left out. Say --seen FILE for that.")
    names = Names(recommender.user_column, recommender.item_column)
    write = write_json if request.as_json else write_csv
    if request.user is not None and not request.as_json and request.out is None:
        write = write_table
    with open_output(request.out) as emit:
        for number, answers in enumerate(answer_all(recommender, request)):
            if number == 0 and write is write_csv:
                emit(write_csv_header(names))
            emit(write(names, answers))


def answer_all(recommender: Any, request: RecommendRequest) -> Iterator[list[tuple[str, Any]]]:
    """Yield users with what is recommended to them, some at a time."""
    if request.users is None:
        yield [answer_one(recommender, request)]
        return
    strangers, total = list[str](), 0
    others = [name for name in recommender.context_columns if name not in request.context]
    wanted = WantedColumns([recommender.user_column], others, recommender.text_columns)
    for columns in read_columns(request.users, request.stated_type, wanted):
        users = [user or "" for user in columns[recommender.user_column].cast("string").to_pylist()]
        try:
            found = list(recommender.recommend({**columns, **repeat_context(request.context, len(users))}, request.top))
        except ColumnFault as fault:
            raise CommandError(f"{request.users}, {fault}.") from None
        total += len(users)
        strangers += [user for user, one in zip(users, found, strict=True) if not one.known]
        yield list(zip(users, found, strict=True))
    if not total:
        raise CommandError(f"there is no row in {request.users}; expected users.")
    if strangers:
        print_message(
            f"{len(strangers):,} of {total:,} users are not known to the model, the first is {strangers[0]!r}: they "
            "are recommended what suits any user."
        )


def answer_one(recommender: Any, request: RecommendRequest) -> tuple[str, Any]:
    """Return the one user, who must be known to the model, and what is recommended."""
    given = repeat_context({**request.context, recommender.user_column: request.user or ""}, 1)
    recommender.require_user(given[recommender.user_column])
    try:
        (found,) = recommender.recommend(given, request.top)
    except ColumnFault as fault:
        raise CommandError(f"--with {fault}.") from None
    if not found.items:
        print_message(f"the user {request.user!r} has seen every item: nothing is left to recommend.")
    return request.user or "", found


def repeat_context(context: Mapping[str, str], rows: int) -> dict[str, Any]:
    """Return columns of n rows with the same values."""
    import pyarrow

    return {name: pyarrow.array([value] * rows, pyarrow.string()) for name, value in context.items()}


def leave_out_pairs(recommender: Any, path: Path, stated_type: str | None) -> Any:
    """Return what recommends without the pairs of a file; tell where it has none that the model knows."""
    found = recommender.leave_out(read_pairs(recommender, path, stated_type))
    if found.pair_count == recommender.pair_count:
        print_message(f"{path} holds no pair of a user and an item that the model knows: it leaves out nothing.")
    return found


def read_pairs(recommender: Any, path: Path, stated_type: str | None) -> Iterator[tuple[Any, Any]]:
    """Yield columns of users and of items of a file."""
    names = [recommender.user_column, recommender.item_column]
    for columns in read_columns(path, stated_type, WantedColumns(names, (), names)):
        yield columns[names[0]], columns[names[1]]
