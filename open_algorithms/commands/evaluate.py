"""Score labelled rows and print the metrics that a job logs of its channels."""

from collections.abc import Sequence
from pathlib import Path
from reprlib import repr as shortened
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from container.channels.channel import Channel
from container.contract.environment import ChannelConfig
from container.rows.columns import Header, Reference, arrange_numbered, show_names
from linear_learner.measuring.final import final_scores
from linear_learner.measuring.metrics import Metric
from linear_learner.objective.model import Model
from linear_learner.options.hyperparameters import Hyperparameters, parse
from linear_learner.training.reading import checked, label_classes
from open_algorithms.commands.tables.data import content_type, lay_out, list_files
from open_algorithms.commands.tables.models import load_model
from open_algorithms.commands.telling.faults import Fault
from open_algorithms.commands.telling.files import write
from open_algorithms.commands.telling.say import say
from open_algorithms.learning.job.errors import InputError

Floats = NDArray[Any]

NAME = "data"


def evaluate(path: Path, data: Sequence[Path], said: str | None) -> None:
    """Print name and value of each metric of the model at `path` on the data."""
    model, files = load_model(path), list_files(data)
    kind = content_type(files, said)
    with TemporaryDirectory(prefix="linear_learner-") as folder:
        lay_out(files, Path(folder))
        header = Header(model.label_name, tuple(model.names))
        expected = Reference(header, "the model", more=True) if model.names else None
        config = ChannelConfig(NAME, kind)
        channel = Channel(config, Path(folder), say=say, warn=say, expected=expected)
        scores = measure(model, channel)
    width = max(len(name) for name, _, _ in scores)
    write("".join(f"{name:{width}}  {float(value)}\n" for name, _, value in scores).encode(), None)


def measure(model: Model, channel: Channel) -> list[Metric]:
    """Return the metrics of the model on a channel; a CommandError for a bad row names its file."""
    hp = trained_with(model)
    try:
        channel.table.centred, channel.table.blurred = model.exact, model.blurred
        channel.begin()
        compare_names(channel, model)
        shift = channel.table.shift
        blocks = checked(channel.name, channel, label_classes(hp), model.feature_dim)
        if shift is not None and len(shift) == model.feature_dim:
            model = model.shifted(shift)
        elif model.caveats:
            say(*model.caveats)
        return final_scores(model, blocks, hp, class_weights(model))
    except InputError as error:
        place = f" It is {channel.place(error.row)}." if error.row else ""
        raise Fault(f"{error}{place}") from error


def compare_names(channel: Channel, model: Model) -> None:
    """Print a notice that feature names cannot be compared.

    Raise CommandError for numbered names that are out of order.
    """
    header = channel.table.header
    if header is None or model.names:
        return
    order = arrange_numbered(header.features, model.feature_dim)
    if order is not None and list(order) != list(range(len(header.features))):
        raise Fault(
            f"the columns are {show_names(header.features)}; expected f0, f1 and so on, as the features of a model "
            "without names lie. Put them in that order, behind the label."
        )
    say("the data names its columns, but the model does not know its features' names: they go by their places.")


def trained_with(model: Model) -> Hyperparameters:
    """Return the hyperparameters that the metrics depend on, from the artifact."""
    kept = {
        name: model.metrics_params.get(name) for name in ("f_beta", "accuracy_top_k", "positive_example_weight_mult")
    }
    texts = {name: str(value) for name, value in kept.items() if value is not None}
    if model.outputs > 1:
        texts["num_classes"] = str(model.outputs)
    return parse({"predictor_type": model.predictor_type, "loss": model.loss_type, **texts})


def class_weights(model: Model) -> Floats | None:
    """Return the weight of each class in the objective, (C,); None where all are equal."""
    if weights := model.metrics_params.get("class_weights"):
        if not isinstance(weights, list) or len(weights) != max(model.outputs, 2):
            raise Fault(
                f"the model's additional-params.json says class_weights {shortened(weights)}; expected a number for "
                f"each of its {max(model.outputs, 2)} classes."
            )
        return np.array(weights, np.float64)
    positive = model.metrics_params.get("positive_example_weight_mult")
    weighted = model.predictor_type == "binary_classifier" and isinstance(positive, int | float) and positive != 1
    return np.array([1.0, positive]) if weighted else None
