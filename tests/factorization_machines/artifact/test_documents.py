"""What is known of a machine beside its network is read back, and never believed."""

import json
from dataclasses import replace

import numpy as np
import pytest

from open_algorithms.factorization_machines.artifact import documents
from open_algorithms.factorization_machines.artifact.documents import (
    Additions,
    read_additions,
    read_settings,
    write_additions,
    write_settings,
)
from open_algorithms.learning.artifact.archives import NETWORK_FILES
from open_algorithms.learning.job.errors import InputError
from tests.factorization_machines.models import draw_model, move_centers
from tests.factorization_machines.tables import make_table_model

MODEL = draw_model("binary_classifier", features=3)
BIAS = np.float32(MODEL.bias)


def test_the_settings_are_texts_as_the_original_writes_them() -> None:
    found = json.loads(write_settings(replace(MODEL, settings={"epochs": "7", "num_factors": "99"})))
    own = {"predictor_type": "binary_classifier", "feature_dim": "3", "num_factors": "3"}
    assert found == {"training_parameters": {"epochs": "7", **own}, "version": 1, "epoch_number": 1}


def test_settings_that_are_no_texts_become_some() -> None:
    content = json.dumps({"training_parameters": {"epochs": 7, "use_bias": True, "eps": None, "x": [1]}}).encode()
    assert read_settings(content) == {"epochs": "7", "use_bias": "true", "eps": "null", "x": "[1]"}


def test_a_plain_machine_adds_only_its_threshold() -> None:
    assert json.loads(write_additions(MODEL)) == {"predictor_type": "binary_classifier", "threshold": 0.4}
    assert read_additions(b"{}", MODEL.linear, BIAS) == Additions()


def test_of_a_machine_with_centers_what_was_trained_comes_back_to_the_last_bit() -> None:
    model = move_centers(MODEL, 1e9)
    found = read_additions(write_additions(model).encode(), np.zeros(3, np.float32), np.float32(9))
    assert found.linear is not None
    assert found.centers is not None
    assert model.centers is not None
    assert (found.bias, found.linear.tobytes()) == (model.bias, model.linear.tobytes())
    assert found.centers.tobytes() == model.centers.tobytes()


def test_more_centers_than_the_file_holds_are_refused_at_writing(monkeypatch: pytest.MonkeyPatch) -> None:
    limits = {**NETWORK_FILES.limits, "additional-params.json": 100}
    monkeypatch.setattr(documents, "NETWORK_FILES", replace(NETWORK_FILES, limits=limits))
    for model in (move_centers(MODEL), move_centers(make_table_model())):
        with pytest.raises(
            InputError, match=r"features with centers, more than .*Give sparse rows, or set normalize_data"
        ):
            write_additions(model)


def test_of_a_table_the_recipe_alone_tells_of_features_and_label() -> None:
    found = json.loads(write_additions(make_table_model()))
    assert {*found} == {"predictor_type", "threshold", "columns"}
    assert found["columns"]["target"]["name"] == "left"


def test_names_are_left_out_where_the_file_would_be_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    named = replace(MODEL, names=("a" * 100, "b", "c"), label_name="y")
    assert json.loads(write_additions(named))["feature_names"] == ["a" * 100, "b", "c"]
    limits = {**NETWORK_FILES.limits, "additional-params.json": 100}
    monkeypatch.setattr(documents, "NETWORK_FILES", replace(NETWORK_FILES, limits=limits))
    assert "feature_names" not in json.loads(write_additions(named))


@pytest.mark.parametrize(
    ("found", "match"),
    [
        ({"predictor_type": "ranker"}, "says predictor_type 'ranker'; expected one of binary_classifier, regressor"),
        ({"predictor_type": ["regressor"]}, r"says predictor_type \['regressor'\]"),
        ({"threshold": "x"}, "says threshold 'x'; expected a finite number"),
        ({"threshold": None}, "says threshold None; expected a finite number"),
        ({"bias": float("nan")}, "says bias nan; expected 1 number of at most 3.4e"),
        ({"bias": 3.0}, "says another bias than the network's parameters hold"),
        ({"centers": 3.0}, "says centers 3.0; expected 3 numbers of at most 3.4e"),
        ({"centers": [1, 2, "x"]}, r"says centers \[1, 2, 'x'\]; expected 3 numbers"),
        ({"centers": [1, 2, 3], "linear": [1e300, 2, 3]}, r"says linear \[1e\+300, 2, 3\]; expected 3 numbers"),
        ({"centers": [1, 2, 3], "linear": [1, 2, 3]}, "says centers without bias and linear; expected all"),
        ({"centers": [1, 2, 3], "bias": 1}, "says centers without bias and linear; expected all"),
        ({"label_name": 3}, "says label_name 3; expected a text"),
        ({"classes": "no"}, "says classes"),
        ({"feature_names": "abc"}, "says feature_names 'abc'; expected a list of texts"),
        ({"columns": {"version": 1, "columns": []}}, "says columns without a target; expected one"),
        ({"columns": {"version": 99}}, "says columns of version 99"),
    ],
)
def test_additions_that_do_not_fit_are_refused(found: object, match: str) -> None:
    with pytest.raises(InputError, match=f"additional-params.json {match}"):
        read_additions(json.dumps(found).encode(), MODEL.linear, BIAS)
