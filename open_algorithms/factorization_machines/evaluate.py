"""Measure a finished machine on labelled rows, by the metrics that a job logs of its channels."""

import math

from open_algorithms.factorization_machines.artifact.model import FactorModel
from open_algorithms.factorization_machines.measuring.metrics import measure_blocks
from open_algorithms.learning.job.errors import InputError
from open_algorithms.learning.measuring.metrics import Metric
from open_algorithms.learning.rows.checking import check_blocks
from open_algorithms.learning.work import ColumnRequest, Work


def measure_model(model: FactorModel, work: Work) -> list[Metric]:
    """Return the metrics of the machine on the one channel of `work`, each its name, kind and value."""
    ((name, channel),) = work.channels.items()
    shift = work.read_columns(ColumnRequest(model.exact, recipe=model.recipe)).shift
    blocks = check_blocks(name, channel, None if model.predictor_type == "regressor" else 2, model.feature_dim)
    beta = read_beta(model.settings.get("f_beta", "1"))
    if shift is not None and len(shift) == model.feature_dim:
        model = model.absorb_shift(shift)
    return measure_blocks(model, blocks, beta).scores


def read_beta(text: str) -> float:
    """Return the beta of the F score that the settings of the job say."""
    try:
        beta = float(text)
    except ValueError:
        beta = math.nan
    if not 0 < beta < math.inf:
        raise InputError(f"the model's settings say f_beta {text!r}; expected a number above 0.")
    return beta
