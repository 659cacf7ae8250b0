"""The weights that training starts from: drawn at random, or those of an earlier model."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from linear_learner.artifact.read import load_model
from linear_learner.objective.model import LinearModel
from linear_learner.options.hyperparameters import Hyperparameters
from open_algorithms.learning.job.errors import InputError
from open_algorithms.learning.job.listener import TrainingListener
from open_algorithms.learning.rows.scaling import Scaler
from open_algorithms.learning.types.arrays import Floats


def draw_initial_weights(
    models: Sequence[int], outputs: int, features: int, *, seed: int, method: str, spread: float, bias: float
) -> Floats:
    """Draw the initial weights (M, K, d + 1) of the candidates `models`, each from a random stream of its own."""
    start = np.empty((len(models), outputs, features + 1), np.float32)
    for row, index in enumerate(models):
        generator = np.random.default_rng([seed, index])
        draw = generator.uniform if method == "uniform" else generator.normal
        low_or_mean = -spread if method == "uniform" else 0.0
        start[row, :, :-1] = draw(low_or_mean, spread, (outputs, features))
    start[:, :, -1] = bias
    return start


def load_earlier_model(directory: Path) -> LinearModel:
    """Load the model of the channel `model` from `directory`; raise InputError where there is none."""
    try:
        return load_model(directory)
    except InputError as error:
        raise InputError(f"channel 'model': {error}") from None


def align_to_features(
    earlier: LinearModel, names: Sequence[str], shift: Floats | None, log: TrainingListener
) -> LinearModel:
    """Return the earlier model with its features in the order `names` of the train channel, less `shift`.

    Raises InputError where both have feature names and these are not the same set.
    """
    own = list(earlier.names)
    if bool(own) != bool(names):
        has, lacks = ("it", "the channel 'train'") if own else ("the channel 'train'", "it")
        log.info(f"channel 'model': {has} has names of features, {lacks} has none: they are taken to be in one order.")
    elif own != list(names):
        missing, unknown = sorted({*own} - {*names}), sorted({*names} - {*own})
        if missing or unknown:
            raise InputError(
                f"channel 'model': expected a model of the features of the channel 'train'. Only the model has "
                f"{abbreviate_names(missing)}, only the channel {abbreviate_names(unknown)}. Train on the "
                "columns of the earlier job."
            )
        log.info("channel 'model': its features are put in the order of the channel 'train' by their names.")
        earlier = earlier.reorder_features(names)
    return earlier.absorb_shift(shift) if shift is not None and len(shift) == earlier.feature_dim else earlier


def abbreviate_names(names: Sequence[str]) -> str:
    """List the first names, and count the others."""
    listed = ", ".join(repr(name[:80]) for name in names[:5]) or "none"
    return f"{listed} and {len(names) - 5} more" if len(names) > 5 else listed


def earlier_weights(models: int, earlier: LinearModel, hp: Hyperparameters, scaler: Scaler) -> Floats:
    """Return the weights of an earlier model for all candidates, (M, K, d + 1), in standardised units.

    Raises InputError where the earlier model has another predictor type or other dimensions, or where its standardised
    weights overflow float32.
    """
    features = len(scaler.mean)
    found = (earlier.predictor_type, earlier.feature_dim, earlier.outputs)
    expected = (hp.predictor_type, features, hp.outputs)
    if found != expected:
        raise InputError(
            f"channel 'model': expected {describe_kind(*expected)}, as the job trains, found "
            f"{describe_kind(*found)}. Give the "
            "model of an earlier job of the same kind on the same columns, or take the channel away."
        )
    weight, bias = scaler.standardise_weights(earlier.weight.T, earlier.bias)
    if not hp.objective.use_bias:
        bias = np.zeros_like(bias)
    with np.errstate(over="ignore"):
        start = np.concatenate([weight, bias[:, None]], axis=1).astype(np.float32)
    if not np.isfinite(start).all():
        raise InputError(
            "channel 'model': its weights, times the deviations of the features, are beyond what float32 can hold. "
            "Give a model that was trained on data like that of the channel 'train'."
        )
    return np.repeat(start[None], models, axis=0)


def describe_kind(predictor_type: str, features: int, outputs: int) -> str:
    """Describe predictor type and dimensions of a model."""
    classes = f" of {outputs} classes" if outputs > 1 else ""
    return f"a {predictor_type}{classes} with {features} features"
