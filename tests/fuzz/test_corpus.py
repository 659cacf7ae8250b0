"""Inputs that the fuzzer started from or stumbled on: each is read soundly or refused, whichever way it is read."""

from pathlib import Path

import pytest

from tests.fuzz.decoders import REQUESTS, TABLES, TRAINING, check_input

CORPUS = Path(__file__).resolve().parent / "corpus"
INPUTS = sorted(CORPUS.glob("*/*"))


@pytest.mark.parametrize("path", INPUTS, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_an_input_is_read_soundly_or_refused(path: Path) -> None:
    check_input(path.parent.name, path.read_bytes())


def test_every_decoder_has_inputs() -> None:
    assert {path.parent.name for path in INPUTS} == TRAINING.keys() | REQUESTS.keys() | TABLES.keys()
