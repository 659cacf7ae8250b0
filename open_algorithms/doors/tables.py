"""Train on tables: learn from their first rows what the columns are, and encode all channels alike."""

import json
from collections.abc import Mapping, Sequence

from container.channels.channel import Channel
from container.channels.tables import Sample
from container.contract.errors import DecodeError
from container.job.program import Task
from container.machine.memory import memory_limit
from container.rows.blocks import Block, without_labels
from container.rows.columns import show_names
from container.rows.notices import OncePerLine
from container.rows.raw import RawRows
from open_algorithms.learning.columns.describe import describe_recipe
from open_algorithms.learning.columns.encode import encode_labels, encode_rows
from open_algorithms.learning.columns.faults import ColumnFault
from open_algorithms.learning.columns.infer import IGNORED, infer_recipe
from open_algorithms.learning.columns.recipe import LeftOutColumn, NumberColumn, Recipe
from open_algorithms.learning.columns.survey import ColumnSurvey, merge_surveys, survey_column
from open_algorithms.learning.columns.values import as_texts
from open_algorithms.learning.columns.wishes import ColumnWishes
from open_algorithms.learning.job.errors import InputError
from open_algorithms.learning.job.hosts import Hosts
from open_algorithms.learning.job.listener import TrainingListener
from open_algorithms.learning.rows.csr import take_rows
from open_algorithms.learning.work import ColumnRequest, Columns

SAMPLE_SHARE = 8  # of the memory, that the rows that columns are learned from take at most
MOST_SAMPLE_BYTES = 1 << 30
LOGGED_COLUMNS = 200  # of which the log tells what was decided


def is_table(channel: Channel, hosts: Hosts, request: ColumnRequest) -> bool:
    """Tell whether a channel is read as a table: the user or a model to start from wants it, or its values need it."""
    wanted = request.recipe is not None or request.wishes.need_table
    if wanted and not channel.has_names:
        raise InputError(
            f"channel {channel.name!r}: {describe_need(request)} needs names of columns, and there are none. Say "
            "header=present in the ContentType of CSV, text/csv;header=present, or give Parquet."
        )
    mine = wanted or channel.needs_table()
    return bool(hosts.all_reduce_max(mine)) if channel.has_names and hosts.count > 1 else mine


def describe_need(request: ColumnRequest) -> str:
    """Return what needs the columns of a table: hyperparameters, or the model to start from."""
    if request.recipe is not None:
        return "the model in the channel 'model', which was trained on a table,"
    wishes = request.wishes
    needs = {"target": wishes.target, "positive_label": wishes.positive_label, "column_types or ignore": wishes.types}
    return next(name for name, said in needs.items() if said)


def read_as_tables(task: Task, learned: str, hosts: Hosts, request: ColumnRequest) -> Columns:
    """Read all channels as tables, by the recipe that is given, or that the rows of the channel `learned` suggest."""
    if request.recipe is not None:
        encode_channels(task.channels, request.recipe, "the model in the channel 'model'", task.log)
        return describe_columns(request.recipe)
    wishes, channel = request.wishes, task.channels[learned]
    channel.read_as_table(
        [name for name in [*wishes.types, wishes.target] if wishes.need_texts(name, name == wishes.target)]
    )
    sample = channel.read_sample(min(MOST_SAMPLE_BYTES, memory_limit() // SAMPLE_SHARE))
    recipe = agree_on_recipe(sample, wishes, hosts, channel)
    log_recipe(recipe, sample, task.log)
    encode_channels(task.channels, recipe, f"the channel {learned!r}", task.log)
    return describe_columns(recipe)


def encode_channels(channels: Mapping[str, Channel], recipe: Recipe, owner: str, log: TrainingListener) -> None:
    """Encode the rows of channels by a recipe, which is that of `owner`."""
    numbers = {column.name for column in recipe.columns if isinstance(column, NumberColumn)}
    if recipe.target is not None and not recipe.target.classes:
        numbers.add(recipe.target.name)
    text_names = [name for name in needed_names(recipe) if name not in numbers]
    for channel in channels.values():
        channel.read_as_table(text_names)
        channel.encode_with(RowEncoder(recipe, owner, channel.name, log), needed_names(recipe))


def needed_names(recipe: Recipe) -> list[str]:
    """Return the names of the columns that rows with labels must have."""
    return [*recipe.needed_names, *([] if recipe.target is None else [recipe.target.name])]


def describe_columns(recipe: Recipe) -> Columns:
    """Return the columns that a recipe makes."""
    return Columns(recipe.feature_names, "" if recipe.target is None else recipe.target.name, recipe=recipe)


def agree_on_recipe(sample: Sample, wishes: ColumnWishes, hosts: Hosts, channel: Channel) -> Recipe:
    """Decide on all hosts what the columns are: by the rows of all where each has its own, else by those of host 0."""
    surveys = survey_sample(sample, wishes)
    try:
        if hosts.count > 1:
            texts = hosts.all_gather_texts(json.dumps([survey.as_json() for survey in surveys]))
            found = [[ColumnSurvey.from_json(values) for values in json.loads(text)] for text in texts]
            with_rows = [one for one in found if one]
            surveys = merge_hosts(with_rows if channel.sharded else with_rows[:1])
        if not surveys:
            raise ColumnFault("there is no row", advice="Check where the data lies")
        return infer_recipe(surveys, wishes)
    except ColumnFault as fault:
        raise InputError(f"channel {channel.name!r}{locate_fault(fault, sample)}: {fault.sentence}.") from None


def survey_sample(sample: Sample, wishes: ColumnWishes) -> list[ColumnSurvey]:
    """Survey the columns of the first file; labels of a classifier, and what the user calls a category, are texts."""
    if not sample.rows:
        return []
    names = list(sample.rows[0].columns)
    target = wishes.target or names[0]
    return [
        survey_column(
            name,
            [rows.columns[name] for rows in sample.rows if name in rows.columns],
            as_text=wishes.need_texts(name, wishes.has_target and name == target),
        )
        for name in names
    ]


def merge_hosts(surveys: Sequence[Sequence[ColumnSurvey]]) -> list[ColumnSurvey]:
    """Merge the surveys of hosts, whose columns may be in any order; raises ColumnFault where names differ."""
    if not surveys:
        return []
    first, *others = surveys
    by_name = [{survey.name: survey for survey in other} for other in others]
    for other in by_name:
        if {*other} != {survey.name for survey in first}:
            odd = sorted({*other} ^ {survey.name for survey in first})
            raise ColumnFault(f"the hosts' files differ in the columns {show_names(odd)}")
    return [merge_surveys([survey, *(other[survey.name] for other in by_name)]) for survey in first]


def locate_fault(fault: ColumnFault, sample: Sample) -> str:
    """Return the place of a fault, as a text that follows the channel: the first row that holds the text, if any."""
    column = f", column {fault.column!r}" if fault.column else ""
    if fault.text is None or fault.column is None:
        return column
    for rows in sample.rows:
        if fault.column not in rows.columns:
            continue
        texts = as_texts(rows.columns[fault.column])
        places = [i for i, text in enumerate(texts.dictionary.to_pylist()) if text and text.strip() == fault.text]
        if places:
            indices = texts.indices.to_pylist()
            row = next((i for i, index in enumerate(indices) if index in places), None)
            if row is not None:
                return f", {rows.source}, row {rows.first_row + row}{column}"
    return column


def log_recipe(recipe: Recipe, sample: Sample, log: TrainingListener) -> None:
    """Log which rows the columns were learned from, and what was decided of every column."""
    rows = sum(part.row_count for part in sample.rows)
    where = "all" if sample.is_complete else "the first"
    count = len(recipe.feature_names)
    features = "1 feature" if count == 1 else f"{count:,} features"
    log.info(f"The columns are learned from {where} {rows:,} rows; they become {features}.")
    log_columns(recipe, log)


def log_columns(recipe: Recipe, log: TrainingListener) -> None:
    """Log what was decided of every column, and warn of those that are left out."""
    for line in describe_recipe(recipe).as_lines(LOGGED_COLUMNS):
        log.info(line)
    for column in recipe.columns:
        if isinstance(column, LeftOutColumn) and column.reason != IGNORED:
            log.warning(f"The column {column.name!r} is left out: {column.reason}.")


class RowEncoder:
    """Encodes the rows of the channel `name` by a recipe, which is that of `owner`."""

    def __init__(self, recipe: Recipe, owner: str, name: str, log: TrainingListener) -> None:
        self._recipe, self._owner, self._name = recipe, owner, name
        self._warn = OncePerLine(log.warning)

    def __call__(self, rows: RawRows) -> Block:
        """Return features and labels of rows with a label; raises DecodeError for a value that does not fit."""
        check_names(rows.columns, self._recipe, self._owner)
        try:
            X = encode_rows(self._recipe, rows.columns).features
            if self._recipe.target is None:
                return without_labels(X)
            labels, labelled = encode_labels(self._recipe.target, rows.columns[self._recipe.target.name])
        except ColumnFault as fault:
            row = rows.first_row + (fault.row or 0)
            raise DecodeError(fault.sentence, f"row {row}", f"column {fault.column!r}") from None
        if labelled.all():
            return X, labels
        self._warn(
            f"channel {self._name!r}: rows without a label, {self._recipe.target.name!r}, are left out: in "
            f"{rows.source} from row {rows.first_row + int((~labelled).argmax())} on."
        )
        kept = labelled.nonzero()[0]
        return take_rows(X, kept), labels[kept]


def check_names(columns: Mapping[str, object], recipe: Recipe, owner: str) -> None:
    """Raise DecodeError where a column of the recipe is missing."""
    if missing := [name for name in needed_names(recipe) if name not in columns]:
        verb = "is" if len(missing) == 1 else "are"
        raise DecodeError(f"expected the columns of {owner}: {show_names(missing)} {verb} missing")
