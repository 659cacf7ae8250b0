"""Damaged artifacts: whatever is flipped or cut, the same model is loaded, or the damage is named."""

import json
import tracemalloc
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linear_learner.artifact.read import load_model
from open_algorithms.learning.job.errors import InputError
from tests.chance import draw_examples
from tests.linear_learner.artifacts import (
    ADDITIONAL,
    NAMES,
    PARAMETERS,
    SYMBOL,
    artifact_files,
    draw_model,
    pack_tar,
    pack_zip,
    write_files,
)

MODEL = draw_model()
WHOLE = artifact_files(MODEL)
LOOSE = {name: WHOLE[name] for name in NAMES}
FILES = list(LOOSE.items())
PACKAGES = {
    **dict.fromkeys(NAMES, LOOSE),
    "model.tar.gz": {"model.tar.gz": pack_tar([*FILES, ("other", b"x" * 600)])},
    "model_algo-1": {"model_algo-1": pack_zip(FILES)},
}
CHECKED = (SYMBOL, "model.tar.gz", "model_algo-1")  # that cannot be damaged into another model
MOST_BYTES = 64 << 20


@st.composite
def damaged(draw: st.DrawFn, content: bytes) -> bytes:
    """Draw `content` with bytes changed, put in or taken out, and maybe cut short."""
    result = bytearray(content)
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.integers(0, max(0, len(result) - 1)))
        size = draw(st.sampled_from([0, 1, 1, 1, 2, 4, 8]))
        result[place : place + size] = draw(st.binary(max_size=8) | st.binary(min_size=size, max_size=size))
    return bytes(result[: draw(st.just(len(result)) | st.integers(0, len(result)))])


def assert_loads_or_names_the_damage(name: str, content: bytes) -> None:
    with TemporaryDirectory() as folder:
        write_files(Path(folder), {**PACKAGES[name], name: content})
        tracemalloc.start()
        try:
            found = load_model(Path(folder))
        except InputError:
            pass
        else:
            assert (found.weight.shape, found.bias.shape) == (MODEL.weight.shape, MODEL.bias.shape)
            assert np.isfinite([found.threshold, *found.weight[:, 0], *found.bias]).all()
            if name in CHECKED:
                assert json.dumps(found.metrics_params) == json.dumps(MODEL.metrics_params)
                np.testing.assert_array_equal(found.predict(np.eye(5))["score"], MODEL.predict(np.eye(5))["score"])
        finally:
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
        assert peak < MOST_BYTES


@pytest.mark.parametrize("name", PACKAGES)
@draw_examples(150)
@given(data=st.data())
def test_a_damaged_artifact_is_the_same_model_or_refused(name: str, data: st.DataObject) -> None:
    assert_loads_or_names_the_damage(name, data.draw(damaged(PACKAGES[name][name])))


@pytest.mark.parametrize("name", [PARAMETERS, ADDITIONAL, "model.tar.gz"])
def test_an_artifact_cut_short_anywhere_is_refused(tmp_path: Path, name: str) -> None:
    write_files(tmp_path, PACKAGES[name])
    whole = PACKAGES[name][name]
    for size in range(len(whole)):
        write_files(tmp_path, {name: whole[:size]})
        with pytest.raises(InputError, match=r"lacks|cut short|cannot be read|announces|that fits|dimensions"):
            load_model(tmp_path)
