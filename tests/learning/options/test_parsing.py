"""What a user sends as texts becomes values, or one message with all that is wrong."""

from pathlib import Path

import pytest

from open_algorithms.learning.job.errors import InputError
from open_algorithms.learning.options.declaration import load_declarations
from open_algorithms.learning.options.parsing import complete_texts, parse_texts, select_applied

DECLARED = """
k: {type: integer, range: "[1, inf)", about: How many.}
epochs: {type: integer, range: "[1, inf)", default: "1", about: Passes.}
scale: {type: float, range: "[0, 1]", default: auto, auto: true, about: A share.}
_inner: {type: text, default: "", internal: true, about: Nothing.}
"""


@pytest.fixture
def declared(tmp_path: Path) -> Path:
    (tmp_path / "hyperparameters.yaml").write_text(DECLARED)
    return tmp_path / "hyperparameters.yaml"


def test_texts_become_values_and_what_is_not_given_its_default(declared: Path) -> None:
    known = load_declarations(declared)
    texts = {"k": '"8"', "sagemaker_region": "x"}
    assert parse_texts(texts, known) == {"k": 8, "epochs": 1, "scale": None, "_inner": ""}
    assert complete_texts({"k": "8"}, known) == {"epochs": "1", "scale": "auto", "_inner": "", "k": "8"}


def test_what_applies_is_without_what_is_ignored_undeclared_or_of_the_original_alone(declared: Path) -> None:
    known = load_declarations(declared)
    texts = {"k": "8", "sagemaker_region": "x", "_inner": "1"}
    assert select_applied(texts, known) == {"epochs": "1", "scale": "auto", "k": "8"}
    assert select_applied(texts, known, ["scale"]) == {"epochs": "1", "k": "8"}


def test_all_faults_are_told_at_once(declared: Path) -> None:
    with pytest.raises(InputError) as caught:
        parse_texts(
            {"epoch": "1", "scale": "2", "inner": "1"},
            load_declarations(declared),
            rules=(lambda values: iter([("rule", "rule: broken")]),),
        )
    assert str(caught.value).splitlines() == [
        "The hyperparameters have these faults:",
        "- epoch: there is no such hyperparameter; did you mean epochs?",
        "- inner: there is no such hyperparameter",
        "- k: it is required; expected an integer in [1, inf)",
        "- scale: expected auto or a number in [0, 1], found '2'",
        "- rule: broken",
    ]
