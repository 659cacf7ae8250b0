"""The models that jobs leave."""

from pathlib import Path

from linear_learner.artifact.read import load_model
from tests.linear_learner.models import assert_same_bits

ARTIFACT = ["additional-params.json", "manifest.json", "model_algo-1", "mx-mod-0000.params", "mx-mod-symbol.json"]


def assert_same_model(root: Path, other: Path) -> None:
    """Compare the models of two jobs bit by bit."""
    assert_same_bits(load_model(root / "model"), load_model(other / "model"))
