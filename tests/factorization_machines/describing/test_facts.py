"""A machine is described by what it predicts, its largest weights and its largest pairs."""

from dataclasses import replace
from itertools import pairwise

import numpy as np

from open_algorithms.factorization_machines.answer import list_row_fields
from open_algorithms.factorization_machines.artifact.model import FactorModel
from open_algorithms.factorization_machines.describing.facts import model_facts, model_tables, weights_table
from open_algorithms.factorization_machines.describing.units import rescale_model
from open_algorithms.factorization_machines.report.learned import list_weights
from open_algorithms.factorization_machines.rows.units import Units
from tests.factorization_machines.models import draw_model
from tests.factorization_machines.tables import make_table_model

LINEAR = np.array([0.5, -2, 0], np.float32)
FACTORS = np.array([[1, 0], [0.5, 3], [0, -1]], np.float32)
SETTINGS = {"epochs": "30", "factors_lr": "0.0001", "eps": "1e-8", "bias_lr": "0." + "1" * 100}
REGRESSOR = FactorModel("regressor", 1.25, LINEAR, FACTORS, settings=SETTINGS)
CLASSIFIER = replace(REGRESSOR, predictor_type="binary_classifier", threshold=0.4, names=("a", "b", "c"))


def test_facts_tell_what_it_predicts_and_the_settings_that_matter() -> None:
    assert model_facts(REGRESSOR) == [
        ("predictor type", "regressor"),
        ("features", "3"),
        ("factors", "2"),
        ("linear weights that are 0", "1 of 3"),
        ("bias", "1.25"),
        ("epochs", "30"),
        ("learning rate of the bias", "0.111111111111111111…1111111111111111111"),
        ("learning rate of factors", "0.0001"),
    ]


def test_a_classifier_has_a_threshold_and_names_of_its_label_and_classes_where_these_are_known() -> None:
    assert ("threshold", "0.4") in model_facts(CLASSIFIER)
    assert not {"label", "classes"} & dict(model_facts(CLASSIFIER)).keys()
    named = model_facts(replace(CLASSIFIER, label_name="y", label_classes=("no", "yes")))
    assert named[:3] == [("predictor type", "binary_classifier"), ("label", "y"), ("classes", "'no', 'yes'")]


def test_features_that_count_from_a_center_are_told() -> None:
    assert ("features less a center", "2 of 3") in model_facts(replace(CLASSIFIER, centers=np.array([0, 1e9, -1])))
    assert "features less a center" not in dict(model_facts(CLASSIFIER))


def test_weights_and_pairs_are_tables_the_largest_first() -> None:
    weights, pairs = model_tables(CLASSIFIER)
    assert (weights.title, weights.rows) == ("Linear weights, all", [["b", "-2"], ["a", "0.5"], ["c", "0"]])
    assert (pairs.title, pairs.rows) == ("Pairs, the 2 largest", [["b", "c", "-3"], ["a", "b", "0.5"]])
    assert model_tables(REGRESSOR)[1].rows == [["f1", "f2", "-3"], ["f0", "f1", "0.5"]]


def test_weights_and_pairs_are_ranked_in_the_units_of_training_where_the_model_knows_these() -> None:
    units = Units(np.array([3, 0, 5], np.float32), np.array([40, 1, 0.5], np.float32))
    model = replace(CLASSIFIER, centers=np.array([3.0, 0, 5]), reach=units.reach)
    weights, pairs = model_tables(model)
    assert (weights.heads, pairs.heads[2:]) == (
        ["feature", "weight", "in units of training"],
        ["product", "in units of training"],
    )
    assert weights.rows == [["a", "0.5", "20"], ["b", "-2", "-2"], ["c", "0", "0"]]
    assert pairs.rows == [["a", "b", "0.5", "20"], ["b", "c", "-3", "-1.5"]]
    reported = list_weights(model, rescale_model(model, units.sizes))
    assert [entry.feature for entry in reported] == [row[0] for row in weights.rows]


def test_of_many_features_the_largest_are_told_and_that_is_said() -> None:
    weights, pairs = model_tables(draw_model(features=5000, factors=2))
    assert (weights.title, len(weights.rows)) == ("Linear weights, the 20 largest of 5,000", 20)
    assert (pairs.title, len(pairs.rows)) == (
        "Pairs, the 20 largest among the 2,048 features with the largest factors",
        20,
    )


def test_a_machine_without_factors_has_no_pairs() -> None:
    assert [table.title for table in model_tables(draw_model(factors=0))] == ["Linear weights, all"]
    assert [table.title for table in model_tables(replace(REGRESSOR, factors=0 * FACTORS))] == ["Linear weights, all"]


def test_the_columns_of_a_table_are_shown_and_weights_of_one_column_stand_together() -> None:
    model = make_table_model()
    assert [table.title.split(",")[0] for table in model_tables(model)] == ["Columns", "Linear weights", "Pairs"]
    assert [field.name for field in list_row_fields(model)] == ["age", "town", "paid", "day"]
    assert list_row_fields(REGRESSOR) == []
    owners = [name.split("=")[0].split(" ")[0] for name, _ in weights_table(model).rows]
    assert len([1 for here, there in pairwise(owners) if here != there]) == len({*owners}) - 1
