"""A content type is declared once: whatever else speaks of formats agrees with the declaration."""

import re
from importlib import import_module
from itertools import chain
from pathlib import Path

import numpy as np
import pytest

from container.codecs import registry
from container.codecs.registry import (
    ANSWER_ENCODINGS,
    CODECS,
    REQUEST_DECODERS,
    TRAINING_TYPES,
    TYPE_OF_SUFFIX,
    parse_content_type,
)
from container.codecs.sniffing import sniff
from container.contract.media import ANSWER_TYPES

TOP = Path(__file__).resolve().parents[3]


def rows_of(page: str) -> set[str]:
    """The content types that have a row in a table of a page."""
    return set(re.findall(r"^\| `(\w+/[\w.-]+)` \|", (TOP / "docs" / page).read_text(encoding="utf-8"), re.MULTILINE))


def test_every_module_that_decodes_is_declared() -> None:
    found = {
        decode
        for path in (TOP / "container" / "codecs").glob("*.py")
        for name in ("decode_blocks", "decode_records")
        if (decode := getattr(import_module(f"container.codecs.{path.stem}"), name, None))
    }
    declared = chain.from_iterable((codec.decode_blocks, codec.decode_records) for codec in CODECS.values())
    assert found == {decode for decode in declared if decode}


def test_answers_are_what_the_environment_may_ask_for() -> None:
    assert tuple(ANSWER_ENCODINGS) == ANSWER_TYPES


def test_what_is_advised_is_what_is_read() -> None:
    recognized = {*TRAINING_TYPES, *REQUEST_DECODERS}
    assert set(CODECS) == recognized
    assert recognized == set(REQUEST_DECODERS)
    assert recognized - set(TRAINING_TYPES) == {sniff.JSON}


def test_a_suffix_and_an_alias_mean_one_type() -> None:
    for names in ([codec.suffixes for codec in CODECS.values()], [codec.aliases for codec in CODECS.values()]):
        every = list(chain.from_iterable(names))
        assert len(set(every)) == len(every)
    assert not set(registry._TYPE_OF_ALIAS) & set(CODECS)


@pytest.mark.parametrize("kind", TRAINING_TYPES)
def test_files_for_training_are_known_by_their_suffix(kind: str) -> None:
    assert CODECS[kind].suffixes
    for suffix in CODECS[kind].suffixes:
        assert re.fullmatch(r"\.[a-z]+", suffix)
        assert TYPE_OF_SUFFIX[suffix] == kind


@pytest.mark.parametrize("suffix", [".tsv", ".tab"])
def test_a_file_of_tabs_is_csv_with_another_sign_between_fields(suffix: str) -> None:
    assert TYPE_OF_SUFFIX[suffix] == "text/tab-separated-values"
    media = parse_content_type(f"{TYPE_OF_SUFFIX[suffix]};header=present")
    assert (media.name, media.parameters) == ("text/csv", {"delimiter": "tab", "header": "present"})


def test_libsvm_has_a_second_name() -> None:
    media = parse_content_type("TEXT/x-libsvm; charset=utf-8")
    assert (media.name, media.parameters) == ("text/libsvm", {"charset": "utf-8"})


@pytest.mark.parametrize(
    ("parameters", "declares", "may_have"),
    [({}, False, True), ({"header": "present"}, True, False), ({"header": "absent"}, False, False)],
)
def test_a_header_is_declared_only_where_the_type_may_have_one(
    parameters: dict[str, str], declares: bool, may_have: bool
) -> None:
    csv, libsvm = CODECS["text/csv"], CODECS["text/libsvm"]
    assert (csv.says_header(parameters), csv.may_have_header(parameters)) == (declares, may_have)
    assert (libsvm.says_header(parameters), libsvm.may_have_header(parameters)) == (False, False)


def test_the_pages_have_a_row_for_each_type() -> None:
    assert rows_of("data.md") >= set(TRAINING_TYPES)
    assert rows_of("serving.md") >= set(REQUEST_DECODERS) | set(ANSWER_ENCODINGS)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("rows.csv", "text/csv"),
        *((f"rows.{suffix}", "text/libsvm") for suffix in ("libsvm", "svm", "svmlight")),
        *((f"rows.{suffix}", "application/x-parquet") for suffix in ("parquet", "pq")),
        *((f"rows.{suffix}", "application/x-recordio-protobuf") for suffix in ("rec", "recordio", "pbr")),
    ],
)
def test_the_usual_suffixes_are_known(name: str, kind: str) -> None:
    assert TYPE_OF_SUFFIX[Path(name).suffix] == kind


def test_every_type_of_requests_and_of_answers_is_there_with_what_reads_and_writes_it() -> None:
    answers = ["application/json", "application/jsonlines", "text/csv", "application/x-recordio-protobuf"]
    assert set(REQUEST_DECODERS) == {*answers, "text/libsvm", "application/x-parquet"}
    assert list(ANSWER_ENCODINGS) == answers
    assert all(map(callable, REQUEST_DECODERS.values()))
    columns = {"score": np.array([0.5, 1.5], np.float32)}
    written = {kind: encoding.encode(columns) for kind, encoding in ANSWER_ENCODINGS.items()}
    assert written["application/json"] == b'{"score": 0.5}, {"score": 1.5}'
    assert written["application/jsonlines"] == b'{"score":0.5}\n{"score":1.5}\n'
    assert written["text/csv"] == b"0.5\n1.5\n"
    assert written["application/x-recordio-protobuf"].startswith(b"\x0a\x23\xd7\xce")
