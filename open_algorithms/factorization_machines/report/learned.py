"""What a machine has learned: its largest linear weights and pairs, in units that make them comparable.

Tests: tests/factorization_machines/report/test_build.py.
"""

import numpy as np

from open_algorithms.factorization_machines.artifact.model import FactorModel
from open_algorithms.factorization_machines.describing.facts import name_feature
from open_algorithms.factorization_machines.describing.pairs import Pair, list_largest_pairs
from open_algorithms.factorization_machines.describing.units import rescale_model
from open_algorithms.factorization_machines.report.schema import PairEntry, WeightEntry
from open_algorithms.factorization_machines.rows.units import Units

LISTED_WEIGHTS, LISTED_PAIRS = 50, 50


def standardise_model(model: FactorModel, units: Units) -> FactorModel:
    """Return the machine of features divided by their sizes in training, which gives the same scores."""
    return rescale_model(model, units.sizes)


def list_weights(model: FactorModel, standardised: FactorModel) -> list[WeightEntry]:
    """Return the features with the largest weights, of many the first."""
    largest = np.argsort(-np.abs(standardised.linear), kind="stable")[:LISTED_WEIGHTS].tolist()
    return [
        WeightEntry(name_feature(model, j), j, float(standardised.linear[j]), float(model.linear[j])) for j in largest
    ]


def list_pairs(model: FactorModel, standardised: FactorModel) -> list[PairEntry]:
    """Return the pairs of features with the largest weights, of many the first."""
    return [describe_pair(model, pair) for pair in list_largest_pairs(standardised, LISTED_PAIRS)]


def describe_pair(model: FactorModel, pair: Pair) -> PairEntry:
    """Return a pair of features by their names, with its weight in the units of training and as the model has it."""
    columns = [pair.first, pair.second]
    first, second = model.factors[columns].astype(np.float64)
    return PairEntry([name_feature(model, j) for j in columns], columns, pair.value, float(first @ second))
