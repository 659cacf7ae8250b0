"""A packed model answers as the model does, from wherever it lies."""

import json
import mmap
import tracemalloc
from dataclasses import replace

import numpy as np
import pytest

from linear_learner.artifact.packing import pack_model, unpack_model
from linear_learner.objective.model import LinearModel
from open_algorithms.learning.artifact.shared import ALIGNMENT, packed_size
from open_algorithms.learning.columns.recipe import CategoryColumn, LeftOutColumn, NumberColumn, Recipe, Target
from open_algorithms.learning.job.errors import InputError
from open_algorithms.learning.rows.csr import compress_matrix
from tests.linear_learner.artifacts import KINDS, assert_same_model, draw_model, draw_rows


def joined(model: LinearModel) -> bytes:
    return b"".join(pack_model(model))


@pytest.mark.parametrize(("predictor", "loss"), KINDS)
@pytest.mark.parametrize("features", [1, 5, 784])
def test_a_packed_model_answers_bit_for_bit(predictor: str, loss: str, features: int) -> None:
    model = draw_model(predictor, loss, features)
    with mmap.mmap(-1, packed_size(pack_model(model))) as shared:
        shared.write(joined(model))
        found = unpack_model(shared)
        assert_same_model(found, model)
        X = draw_rows(features)
        for part in (X, X[:1], compress_matrix(X)):
            for name, values in model.predict(part).items():
                assert found.predict(part)[name].tobytes() == values.tobytes()
        del found


def test_arrays_are_aligned_read_only_views() -> None:
    content = bytearray(joined(draw_model("multiclass_classifier")))
    whole = np.frombuffer(content, np.uint8)
    found = unpack_model(content)
    for array in (found.weight, found.float64_weight, found.bias):
        assert np.shares_memory(array, whole)
        assert not array.flags.writeable
        assert (array.ctypes.data - whole.ctypes.data) % ALIGNMENT == 0


def test_packing_and_unpacking_copy_no_weight() -> None:
    model = LinearModel("regressor", "squared_loss", np.ones((10**6, 1), np.float32), np.ones(1, np.float32))
    assert np.shares_memory(np.frombuffer(pack_model(model)[2], np.float64), model.float64_weight)
    content = joined(model)
    tracemalloc.start()
    unpack_model(content)
    pack_model(model)
    assert tracemalloc.get_traced_memory()[1] < 1 << 16
    tracemalloc.stop()


def test_a_packed_model_is_packed_the_same_again() -> None:
    content = joined(draw_model("multiclass_classifier"))
    assert joined(unpack_model(content)) == content
    assert len(content) == packed_size(pack_model(unpack_model(content)))


def test_what_follows_a_packed_model_does_not_matter() -> None:
    model = draw_model()
    assert_same_model(unpack_model(joined(model) + b"\xff" * 4096), model)


@pytest.mark.parametrize("size", [0, 7, 15, 16, 40, 200, 300])
def test_what_is_cut_short_is_refused(size: int) -> None:
    with pytest.raises(InputError, match="Expected a packed model"):
        unpack_model(joined(draw_model(features=50))[:size])


def test_another_version_is_refused() -> None:
    with pytest.raises(InputError, match=r"that begins with b'LINEAR.*, found b'LINEAR\\x00\\x02'"):
        unpack_model(joined(draw_model()).replace(b"\x00\x01", b"\x00\x02", 1))


def test_names_are_read_when_they_are_asked_for() -> None:
    names = ("age", "", "age", "größe", '"<b>"')
    model = replace(draw_model(), names=names)
    content = joined(model)
    found = unpack_model(content)
    assert (tuple(found.names), found.names[1:3], len(found.names)) == (names, ["", "age"], 5)
    broken = unpack_model(content.replace(b'"age"', b"!!!!!"))
    X = draw_rows()
    assert broken.predict(X)["score"].tobytes() == model.predict(X)["score"].tobytes()
    with pytest.raises(ValueError, match="Expecting value"):
        broken.names[0]


def test_classes_keep_their_names() -> None:
    for classes in ((), ("no", "yes"), (-1.0, 1.0)):
        assert unpack_model(joined(replace(draw_model(), label_classes=classes))).classes == classes


def test_the_recipe_of_a_table_is_read_when_it_is_asked_for() -> None:
    columns = (
        CategoryColumn("Größe", ("S", "M"), has_other=True),
        NumberColumn("Age", 40.5),
        LeftOutColumn("id", "an id"),
    )
    recipe = Recipe(columns, Target("y", ("no", "yes")))
    model = replace(draw_model(features=4), names=recipe.feature_names, recipe=recipe)
    content = joined(model)
    found = unpack_model(content)
    assert found.recipe is not None
    assert (found.recipe.columns, found.recipe.target) == (recipe.columns, recipe.target)
    assert found.recipe.feature_names == recipe.feature_names
    assert joined(found) == content
    broken = unpack_model(content.replace(b'"left out"', b"!!!!!!!!!!"))
    assert broken.predict(draw_rows(4))["score"].shape == (9,)
    assert broken.recipe is not None
    with pytest.raises(ValueError, match="Expecting value"):
        assert broken.recipe.columns


def test_a_bias_in_float64_stays_one() -> None:
    model = draw_model("multiclass_classifier").absorb_shift(np.arange(5) * 1e9)
    found = unpack_model(joined(model))
    assert found.bias.dtype == np.float64
    assert found.bias.tobytes() == model.bias.tobytes()
    assert found.exact
    assert found.caveats == model.caveats


def test_settings_survive() -> None:
    model = draw_model()
    model.metrics_params["class_weights"] = [0.1] * 9
    found = unpack_model(joined(model)).metrics_params
    assert json.dumps(found) == json.dumps(model.metrics_params)


def test_deviations_survive_as_a_view() -> None:
    model = replace(draw_model(), deviations=np.array([1, 0, 1e-30, 3e38, 1 / 3], np.float32))
    content = bytearray(joined(model))
    found = unpack_model(content)
    assert_same_model(found, model)
    assert found.deviations is not None
    assert np.shares_memory(found.deviations, np.frombuffer(content, np.uint8))
    assert joined(found) == content
