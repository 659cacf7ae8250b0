"""Train on tables: learn from their first rows what the columns are, and encode all channels alike."""

import json
from collections.abc import Sequence
from dataclasses import replace

from container.channels.channel import Channel
from container.channels.tables import Sample
from container.job.program import Task
from container.machine.memory import memory_limit
from container.rows.columns import show_names
from open_algorithms.doors.encoding import RowEncoder
from open_algorithms.doors.weights import check_weighable, find_weight, read_weights
from open_algorithms.learning.columns.describe import describe_recipe
from open_algorithms.learning.columns.faults import ColumnFault
from open_algorithms.learning.columns.infer import IGNORED, infer_recipe
from open_algorithms.learning.columns.recipe import LeftOutColumn, Recipe
from open_algorithms.learning.columns.survey import ColumnSurvey, merge_surveys, survey_column
from open_algorithms.learning.columns.values import as_texts
from open_algorithms.learning.columns.wishes import ColumnWishes, TextNames
from open_algorithms.learning.job.errors import InputError
from open_algorithms.learning.job.hosts import Hosts
from open_algorithms.learning.job.listener import TrainingListener
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
    needs = {
        "target": wishes.target,
        "positive_label": wishes.positive_label,
        "column_types or ignore": wishes.types,
        "weight": wishes.weight,
    }
    return next(name for name, said in needs.items() if said)


def read_as_tables(task: Task, learned: str, hosts: Hosts, request: ColumnRequest) -> Columns:
    """Read all channels as tables, by the recipe that is given, or that the rows of the channel `learned` suggest."""
    check_weighable(task.channels, request, hosts)
    recipe, owner = request.recipe, "the model in the channel 'model'"
    if recipe is None:
        recipe, owner = learn_recipe(task, learned, hosts, request.wishes), f"the channel {learned!r}"
    weight = find_weight(recipe, request.wishes.weight)
    encoders = {
        name: RowEncoder(recipe, owner, name, task.log, weight if name in request.weighed_channels else None)
        for name in task.channels
    }
    for name, encoder in encoders.items():
        encode_channel(task.channels[name], encoder)
    return replace(describe_columns(recipe), row_weights=read_weights(task.channels, encoders, learned, task.log))


def learn_recipe(task: Task, learned: str, hosts: Hosts, wishes: ColumnWishes) -> Recipe:
    """Learn from the first rows of the channel `learned` what its columns are, and log it."""
    channel = task.channels[learned]
    channel.read_as_table(TextNames(wishes))
    sample = channel.read_sample(min(MOST_SAMPLE_BYTES, memory_limit() // SAMPLE_SHARE))
    recipe = agree_on_recipe(sample, wishes, hosts, channel)
    log_recipe(recipe, sample, task.log)
    return recipe


def encode_channel(channel: Channel, encoder: RowEncoder) -> None:
    """Encode the rows of a channel."""
    channel.read_as_table(encoder.text_names)
    channel.encode_with(encoder, {*encoder.needed_names, *encoder.weighing_names})


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
