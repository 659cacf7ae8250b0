"""The additional parameters: a predictor type, a loss that fits it, a threshold."""

import json
from typing import Any

import pytest

from linear_learner.artifact.documents import read_additional_parameters
from open_algorithms.learning.job.errors import InputError
from tests.linear_learner.artifacts import KINDS

FACTS = {"predictor_type": "binary_classifier", "loss_type": "logistic", "threshold": 0.4, "metrics_params": {}}


@pytest.mark.parametrize(("predictor", "loss"), KINDS)
def test_every_predictor_type_with_its_losses_is_read(predictor: str, loss: str) -> None:
    found = read_additional_parameters(json.dumps({**FACTS, "predictor_type": predictor, "loss_type": loss}).encode())
    assert found == (predictor, loss, 0.4, {}, (), "", None, (), None, (), None)


def test_the_settings_are_those_beside_the_threshold() -> None:
    settings = {"f_beta": 1.0, "margin": None, "class_weights": [1, 2.5], "threshold": 0.4, "new": "word", "on": True}
    found = read_additional_parameters(json.dumps({**FACTS, "metrics_params": settings}).encode())
    assert found.metrics_params == {name: value for name, value in settings.items() if name != "threshold"}


@pytest.mark.parametrize("settings", [{}, {"metrics_params": None}])
def test_settings_may_be_absent(settings: dict[str, Any]) -> None:
    facts = {name: value for name, value in FACTS.items() if name != "metrics_params"} | settings
    assert read_additional_parameters(json.dumps({**facts, "threshold": 1}).encode()).metrics_params == {}


@pytest.mark.parametrize("classes", [["no", "yes"], [-1.0, 1.0], []])
def test_classes_are_texts_or_numbers(classes: list[Any]) -> None:
    found = read_additional_parameters(json.dumps({**FACTS, "classes": classes}).encode())
    assert found.classes == tuple(classes)


@pytest.mark.parametrize("classes", [["no", 1], ["no", "no"], ["no"], "no", {"no": 0}, [True, False], [None, "no"]])
def test_other_classes_are_refused(classes: Any) -> None:
    with pytest.raises(InputError, match=r"additional-params.json says classes .*; expected"):
        read_additional_parameters(json.dumps({**FACTS, "classes": classes}).encode())


def test_names_of_the_features_are_texts_of_any_kind() -> None:
    names = ["age", "", 'a "b", c', "größe", "<b>"]
    assert read_additional_parameters(json.dumps({**FACTS, "feature_names": names}).encode()).names == tuple(names)


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"predictor_type": "clusterer"}, "predictor_type 'clusterer'; expected one of binary_classifier, multiclass_"),
        ({"predictor_type": ["regressor"]}, r"predictor_type \['regressor'\]"),
        ({"loss_type": "huber_loss"}, "'huber_loss' of a binary_classifier; expected one of logistic, hinge_loss"),
        ({"loss_type": "magic"}, "'magic' of a binary_classifier"),
        ({"loss_type": {}}, "loss_type {}"),
        ({"threshold": None}, "threshold None; expected a finite number"),
        ({"threshold": "0.5"}, "threshold '0.5'"),
        ({"threshold": True}, "threshold True"),
        ({"threshold": float("nan")}, "threshold nan"),
        ({"threshold": float("-inf")}, "threshold -inf"),
        ({"threshold": 10**400}, r"threshold 1000.*\.\.\.0"),
        ({"metrics_params": []}, r"metrics_params \[\]; expected names and plain values"),
        ({"metrics_params": {"f_beta": {"a": 1}}}, "expected names and plain values"),
        ({"metrics_params": {"f_beta": [[1]]}}, "expected names and plain values"),
        ({"metrics_params": {"f_beta": float("nan")}}, "expected names and plain values"),
        ({"feature_names": "age"}, "feature_names 'age'; expected a list of texts"),
        ({"feature_names": ["age", 2]}, r"feature_names \['age', 2\]; expected a list of texts"),
    ],
)
def test_what_makes_no_sense_is_refused(changes: dict[str, Any], match: str) -> None:
    with pytest.raises(InputError, match=match):
        read_additional_parameters(json.dumps({**FACTS, **changes}).encode())


@pytest.mark.parametrize(
    ("content", "match"),
    [
        (b"[" * 10**6, "cannot be read as JSON: maximum recursion"),
        (b'{"a":' * 10**5, "cannot be read as JSON: maximum recursion"),
        (b'{"threshold": ' + b"1" * 5000 + b"}", "cannot be read as JSON: Exceeds the limit"),
        (b'{"threshold": 1, "threshold": 2}', "a key comes twice"),
        (b'{"\xff": 1}', "cannot be read as JSON: 'utf-8'"),
        (json.dumps({**FACTS, "feature_names": ["\ud800"]}).encode(), "cannot be read as JSON: .*surrogates"),
        (json.dumps(FACTS).encode("utf-16"), "cannot be read as JSON"),
        (b"[]", r"holds \[\]; expected a JSON object"),
    ],
)
def test_what_is_no_object_is_refused(content: bytes, match: str) -> None:
    with pytest.raises(InputError, match=match):
        read_additional_parameters(content)


def test_parameters_cut_short_anywhere_are_refused() -> None:
    whole = json.dumps(FACTS | {"feature_names": ["größe"]}, ensure_ascii=False).encode()
    read_additional_parameters(whole)
    for size in range(len(whole)):
        with pytest.raises(InputError, match="cannot be read as JSON"):
            read_additional_parameters(whole[:size])


@pytest.mark.parametrize(
    ("more", "complaint"),
    [
        ({"label_name": 3}, "says label_name 3; expected a text"),
        ({"bias": 1.5}, "says bias 1.5; expected a list of finite numbers"),
        ({"bias": ["1"]}, "expected a list of finite numbers"),
        ({"blurred_features": [-1]}, "expected numbers of columns"),
        ({"blurred_features": [True]}, "expected numbers of columns"),
        ({"blurred_features": "time"}, "expected numbers of columns"),
        ({"feature_deviations": 1}, "says feature_deviations 1; expected a list of numbers from 0 on"),
        (
            {"feature_deviations": [1, -0.5]},
            r"says feature_deviations \[1, -0.5\]; expected a list of numbers from 0 on",
        ),
        ({"feature_deviations": ["1"]}, "expected a list of numbers from 0 on that float32 can hold"),
        ({"feature_deviations": [True]}, "expected a list of numbers from 0 on"),
        ({"feature_deviations": [float("nan")]}, "expected a list of numbers from 0 on"),
        ({"feature_deviations": [1e39]}, "expected a list of numbers from 0 on"),
        ({"feature_deviations": [10**400]}, "expected a list of numbers from 0 on"),
    ],
)
def test_what_only_we_write_is_checked_as_well(more: dict[str, object], complaint: str) -> None:
    with pytest.raises(InputError, match=complaint):
        read_additional_parameters(json.dumps(FACTS | more).encode())
