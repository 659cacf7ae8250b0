"""A machine in shared memory is the same machine, and its numbers are not copied."""

from dataclasses import replace

import numpy as np
import pytest

from open_algorithms.factorization_machines.artifact.packing import pack_model, unpack_model
from open_algorithms.learning.columns.recipe import CategoryColumn, Recipe, Target
from open_algorithms.learning.job.errors import InputError
from tests.factorization_machines import pairs
from tests.factorization_machines.artifacts import assert_same_model
from tests.factorization_machines.models import draw_model, move_centers

CLASSIFIER = draw_model("binary_classifier", 2)
RECIPE = Recipe((CategoryColumn("c", ("x", "y")),), Target("t", ("bad", "good")))
MODELS = {
    "classifier": CLASSIFIER,
    "regressor": draw_model(),
    "linear": draw_model(factors=0),
    "exact": move_centers(CLASSIFIER),
    "far": move_centers(CLASSIFIER, 1e9),
    "named": replace(CLASSIFIER, names=("a", "größe <b>"), label_name="y", label_classes=(-1.0, 1.0)),
    "table": replace(CLASSIFIER, recipe=RECIPE, names=RECIPE.feature_names, label_name="t"),
    "seen pairs": pairs.draw_model(seen=pairs.SEEN, label_name="stars"),
}


@pytest.mark.parametrize("name", MODELS)
def test_a_machine_comes_back_as_it_was(name: str) -> None:
    found, model = unpack_model(b"".join(pack_model(MODELS[name]))), MODELS[name]
    assert (found.recipe is None) == (model.recipe is None)
    assert found.classes == model.classes
    assert_same_model(replace(found, recipe=None), replace(model, recipe=None))


def test_numbers_are_views_of_the_memory_that_nobody_can_write() -> None:
    memory = np.frombuffer(b"".join(pack_model(move_centers(CLASSIFIER))), np.uint8)
    found = unpack_model(memory.data)
    assert found.centers is not None
    for array in (found.factors, found.linear, found.centers):
        assert np.shares_memory(array, memory)
        assert not array.flags.writeable
    buffers = pack_model(CLASSIFIER)
    assert any(np.shares_memory(np.frombuffer(part, np.uint8), CLASSIFIER.factors) for part in buffers)


@pytest.mark.parametrize("content", [b"", b"KMEANS\x00\x01" + bytes(100), b"".join(pack_model(CLASSIFIER))[:-80]])
def test_what_is_no_whole_packed_machine_is_refused(content: bytes) -> None:
    with pytest.raises(InputError, match="Expected a packed model"):
        unpack_model(content)
