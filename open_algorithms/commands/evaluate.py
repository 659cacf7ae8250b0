"""Score labelled rows and print the metrics that a job logs of its channels."""

from collections.abc import Sequence
from pathlib import Path
from reprlib import repr as shortened
from tempfile import TemporaryDirectory

import numpy as np

from container.channels.channel import Channel
from container.contract.environment import ChannelConfig
from container.rows.columns import ColumnNames, ExpectedColumns, arrange_numbered_features, show_names
from container.rows.notices import Notices
from linear_learner.measuring.final import final_scores
from linear_learner.measuring.metrics import Metric
from linear_learner.objective.model import LinearModel
from linear_learner.options.hyperparameters import Hyperparameters, parse_hyperparameters
from linear_learner.training.channels import label_class_count
from open_algorithms.commands.tables.data import decide_content_type, find_data_files, link_channel_files
from open_algorithms.commands.tables.models import load_model
from open_algorithms.commands.telling.faults import CommandError
from open_algorithms.commands.telling.files import write_output
from open_algorithms.commands.telling.say import print_message
from open_algorithms.learning.job.errors import InputError
from open_algorithms.learning.rows.checking import check_blocks
from open_algorithms.learning.types.arrays import Floats

CHANNEL_NAME = "data"


def evaluate_model(path: Path, data: Sequence[Path], stated_type: str | None) -> None:
    """Print name and value of each metric of the model at `path` on the data."""
    model, files = load_model(path), find_data_files(data)
    kind = decide_content_type(files, stated_type)
    with TemporaryDirectory(prefix="linear_learner-") as folder:
        link_channel_files(files, Path(folder))
        header = ColumnNames(model.label_name, tuple(model.names))
        expected = ExpectedColumns(header, "the model", allows_others=True) if model.names else None
        config = ChannelConfig(CHANNEL_NAME, kind)
        channel = Channel(config, Path(folder), Notices(print_message, print_message), expected=expected)
        scores = measure_model(model, channel)
    width = max(len(name) for name, _, _ in scores)
    write_output("".join(f"{name:{width}}  {float(value)}\n" for name, _, value in scores).encode(), None)


def measure_model(model: LinearModel, channel: Channel) -> list[Metric]:
    """Return the metrics of the model on a channel; a CommandError for a bad row names its file."""
    hp = trained_hyperparameters(model)
    try:
        channel.columns.may_shift, channel.columns.blurred_columns = model.exact, model.blurred
        channel.read_first_rows()
        compare_names(channel, model)
        shift = channel.columns.shift
        blocks = check_blocks(channel.name, channel, label_class_count(hp), model.feature_dim)
        if shift is not None and len(shift) == model.feature_dim:
            model = model.absorb_shift(shift)
        elif model.caveats:
            print_message(*model.caveats)
        return final_scores(model, blocks, hp, objective_class_weights(model))
    except InputError as error:
        place = f" It is {channel.locate_row(error.row)}." if error.row else ""
        raise CommandError(f"{error}{place}") from error


def compare_names(channel: Channel, model: LinearModel) -> None:
    """Print a notice that feature names cannot be compared.

    Raise CommandError for numbered names that are out of order.
    """
    header = channel.columns.names
    if header is None or model.names:
        return
    order = arrange_numbered_features(header.features, model.feature_dim)
    if order is not None and list(order) != list(range(len(header.features))):
        raise CommandError(
            f"the columns are {show_names(header.features)}; expected f0, f1 and so on, as the features of a model "
            "without names lie. Put them in that order, behind the label."
        )
    print_message(
        "the data names its columns, but the model does not know its features' names: they go by their places."
    )


def trained_hyperparameters(model: LinearModel) -> Hyperparameters:
    """Return the hyperparameters that the metrics depend on, from the artifact."""
    kept = {
        name: model.metrics_params.get(name) for name in ("f_beta", "accuracy_top_k", "positive_example_weight_mult")
    }
    texts = {name: str(value) for name, value in kept.items() if value is not None}
    if model.outputs > 1:
        texts["num_classes"] = str(model.outputs)
    return parse_hyperparameters({"predictor_type": model.predictor_type, "loss": model.loss_type, **texts})


def objective_class_weights(model: LinearModel) -> Floats | None:
    """Return the weight of each class in the objective, (C,); None where all are equal."""
    if weights := model.metrics_params.get("class_weights"):
        if not isinstance(weights, list) or len(weights) != max(model.outputs, 2):
            raise CommandError(
                f"the model's additional-params.json says class_weights {shortened(weights)}; expected a number for "
                f"each of its {max(model.outputs, 2)} classes."
            )
        return np.array(weights, np.float64)
    positive = model.metrics_params.get("positive_example_weight_mult")
    weighted = model.predictor_type == "binary_classifier" and isinstance(positive, int | float) and positive != 1
    return np.array([1.0, positive]) if weighted else None
