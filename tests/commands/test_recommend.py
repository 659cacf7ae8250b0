"""The command recommends what the model does, to one user or to many, and says what is wrong in a sentence."""

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from open_algorithms.factorization_machines.artifact.model import FactorModel
from open_algorithms.factorization_machines.artifact.write import write_artifact
from open_algorithms.factorization_machines.recommending.recommender import Recommended, open_recommender
from open_algorithms.learning.columns.recipe import CategoryColumn, Recipe, Target
from tests.commands.command import Command
from tests.factorization_machines.pairs import (
    ITEM,
    ITEMS,
    SEEN,
    WITH_CONTEXT,
    WITH_PLACE,
    as_arrays,
    draw_model,
)

MODEL = draw_model(seen=SEEN)
NOTHING_SEEN = (
    "factorization_machines: the model does not know what users have seen, so nothing is left out. Say --seen FILE "
    "for that.\n"
)


@pytest.fixture(autouse=True)
def _algorithm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALGORITHM", "factorization_machines")


def lay_out(folder: Path, model: FactorModel) -> Path:
    folder.mkdir()
    write_artifact(model, folder)
    return folder


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of users and movies that knows what was seen."""
    return lay_out(tmp_path_factory.mktemp("models") / "model", MODEL)


def expect(
    model: FactorModel, users: Sequence[str], top: int, include: bool = False, **context: str
) -> list[Recommended]:
    columns: dict[str, list[str | None]] = {name: [value] * len(users) for name, value in context.items()}
    return list(open_recommender(model, include_seen=include).recommend(as_arrays(user=[*users], **columns), top))


def as_rows(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text)))


def rows_of(users: Sequence[str], found: Sequence[Recommended]) -> list[list[str]]:
    pairs = zip(users, found, strict=True)
    return [
        [user, item, str(np.float32(score))]
        for user, one in pairs
        for item, score in zip(one.items, one.scores, strict=True)
    ]


def test_one_user_gets_a_table(command: Command, path: Path) -> None:
    (one,) = expect(MODEL, ["u3"], 4)
    ended = command("recommend", path, "--user", "u3", "--top", "4")
    assert (ended.status, ended.complaint) == (0, "")
    lines = [line.split() for line in ended.out.splitlines()]
    assert lines == [["movie", "score"], *([i, f"{s:.6g}"] for i, s in zip(one.items, one.scores, strict=True))]
    assert len(command("recommend", path, "--user", "u3").out.splitlines()) == 11


def test_one_user_gets_json_or_a_file(command: Command, path: Path, tmp_path: Path) -> None:
    (one,) = expect(MODEL, ["u3"], 4)
    ended = command("recommend", path, "--user", "u3", "--top", "4", "--json")
    pairs = [{"item": item, "score": score} for item, score in zip(one.items, one.scores, strict=True)]
    assert json.loads(ended.out) == {"user": "u3", "known": True, "recommendations": pairs}
    out = tmp_path / "out.csv"
    assert command("recommend", path, "--user", "u3", "--top", "4", "--out", out).out == ""
    assert as_rows(out.read_text()) == [["user", "movie", "score"], *rows_of(["u3"], [one])]


USERS = ["u3", "nobody", "u5", "u3"]
FILES = {
    "users.csv": b"user\nu3\nnobody\nu5\nu3\n",
    "plain.csv": b"u3\nnobody\nu5\nu3\n",
    "plain.txt": b"u3\nnobody\nu5\nu3\n",
    "wide.csv": b"name,user\nann,u3\nbob,nobody\ncid,u5\ndan,u3\n",
    "users.jsonl": b'{"user": "u3"}\n{"user": "nobody"}\n{"user": "u5"}\n{"user": "u3"}\n',
}


@pytest.mark.parametrize("name", [*FILES, "users.parquet"])
def test_the_users_of_a_file_get_lines_of_csv(command: Command, path: Path, tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    if name in FILES:
        file.write_bytes(FILES[name])
    else:
        parquet.write_table(pa.table({"user": USERS}), file)
    ended = command("recommend", path, "--users", file, "--top", "3")
    assert ended.complaint == (
        "factorization_machines: 1 of 4 users are not known to the model, the first is 'nobody': they are recommended "
        "what suits any user.\n"
    )
    assert ended.status == 0
    assert as_rows(ended.out) == [["user", "movie", "score"], *rows_of(USERS, expect(MODEL, USERS, 3))]


def test_the_users_of_a_folder_of_files_get_one_table(command: Command, path: Path, tmp_path: Path) -> None:
    folder = tmp_path / "users"
    folder.mkdir()
    for name in ("a.csv", "b.csv"):
        (folder / name).write_bytes(FILES["users.csv"])
    found = rows_of(USERS * 2, expect(MODEL, USERS * 2, 3))
    assert as_rows(command("recommend", path, "--users", folder, "--top", "3").out)[1:] == found


def test_the_users_of_a_file_get_lines_of_json(command: Command, path: Path, tmp_path: Path) -> None:
    (tmp_path / "users.csv").write_bytes(FILES["users.csv"])
    out = tmp_path / "found.jsonl"
    assert command("recommend", path, "--users", tmp_path / "users.csv", "--json", "--out", out).status == 0
    found = [json.loads(line) for line in out.read_text().splitlines()]
    assert [one["user"] for one in found] == USERS
    assert [one["known"] for one in found] == [True, False, True, True]
    assert [[pair["item"] for pair in one["recommendations"]] for one in found] == [
        one.items for one in expect(MODEL, USERS, 10)
    ]


def test_seen_rows_are_left_out_and_more_of_them_and_none_if_wanted(
    command: Command, path: Path, tmp_path: Path
) -> None:
    def items(*words: object) -> list[str]:
        ended = command("recommend", path, "--user", "u3", "--top", "99", "--json", *words)
        assert (ended.status, ended.complaint) == (0, "")
        return [pair["item"] for pair in json.loads(ended.out)["recommendations"]]

    more = tmp_path / "more.csv"
    more.write_text("stars,movie,user\n4,m2,u3\n1,m3,u4\n5,m4,u3\n")
    (every,) = expect(MODEL, ["u3"], ITEMS, include=True)
    assert items() == [item for item in every.items if item not in ("m1", "m4", "m24")]
    assert items("--seen", more) == [item for item in every.items if item not in ("m1", "m2", "m4", "m24")]
    assert items("--include-seen") == every.items
    assert items("--include-seen", "--seen", more) == [item for item in every.items if item not in ("m2", "m4")]


def test_pairs_without_names_go_by_their_places_and_unknown_ones_are_told(
    command: Command, path: Path, tmp_path: Path
) -> None:
    (every,) = expect(MODEL, ["u4"], ITEMS)
    more = tmp_path / "more.csv"
    more.write_text("u4,m2\nu4,m3\n")
    ended = command("recommend", path, "--user", "u4", "--top", "99", "--json", "--seen", more)
    found = [pair["item"] for pair in json.loads(ended.out)["recommendations"]]
    assert found == [item for item in every.items if item not in ("m2", "m3")]
    places = "the first row does not name 'user', 'movie': columns are taken for these, in this order."
    assert ended.complaint == f"factorization_machines: {places}\n"
    more.write_text("m2,u4\nm3,u4\n")
    ended = command("recommend", path, "--user", "u4", "--json", "--seen", more)
    assert f"{more} holds no pair of a user and an item that the model knows: it leaves out nothing." in ended.complaint


def test_a_user_who_has_seen_everything_is_told(command: Command, path: Path, tmp_path: Path) -> None:
    more = tmp_path / "more.csv"
    more.write_text("user,movie\n" + "".join(f"u7,{item}\n" for item in ITEM.levels))
    ended = command("recommend", path, "--user", "u7", "--seen", more)
    assert ended.out == "movie  score\n"
    assert "the user 'u7' has seen every item: nothing is left to recommend." in ended.complaint


def test_other_columns_are_given_or_lie_in_the_file(command: Command, tmp_path: Path) -> None:
    model = draw_model(WITH_CONTEXT)
    path = lay_out(tmp_path / "model", model)
    ended = command("recommend", path, "--user", "u3", "--json", "--with", "age=31.5", "--with", "weekend=yes")
    (one,) = expect(model, ["u3"], 10, age="31.5", weekend="true")
    assert ended.complaint == NOTHING_SEEN
    assert [pair["item"] for pair in json.loads(ended.out)["recommendations"]] == one.items
    users = tmp_path / "users.csv"
    users.write_text("user,age,unknown\nu3,31.5,x\nu4,,y\n")
    ended = command("recommend", path, "--users", users, "--with", "weekend=yes", "--include-seen")
    expected = [one, *expect(model, ["u4"], 10, weekend="true")]
    assert (ended.complaint, as_rows(ended.out)[1:]) == ("", rows_of(["u3", "u4"], expected))


def test_the_columns_of_users_and_items_are_named_where_there_are_more(command: Command, tmp_path: Path) -> None:
    path = lay_out(tmp_path / "model", draw_model(WITH_PLACE, predictor_type="binary_classifier"))
    refused = command("recommend", path, "--user", "u3")
    assert refused.status == 1
    assert "3 columns of categories, 'place', 'user', 'movie'. Say which" in refused.complaint
    named = ("--user-column", "user", "--item-column", "movie", "--with", "place=home")
    assert command("recommend", path, "--user", "u3", *named).status == 0


def test_a_column_of_users_may_be_called_score(command: Command, tmp_path: Path) -> None:
    recipe = Recipe((CategoryColumn("score", ("a", "b")), CategoryColumn("it", ("1", '2"x'))), Target("y"))
    path = lay_out(tmp_path / "model", draw_model(recipe))
    ended = command("recommend", path, "--user", "a", "--out", tmp_path / "out.csv")
    assert ended.status == 0
    rows = as_rows((tmp_path / "out.csv").read_text())
    assert rows[0] == ["score", "it", "predicted_score"]
    assert sorted(row[1] for row in rows[1:]) == ["1", '2"x']


@pytest.mark.parametrize(
    ("words", "status", "message"),
    [
        (
            ("--user", "u99"),
            1,
            "user: expected one of the 30 users that the model knows, 'u0', 'u1', 'u2', 'u3', 'u4', ",
        ),
        (
            ("--user", "u3", "--with", "age=3"),
            2,
            "--with age: expected a column of the model beside users and items; they are none.",
        ),
        (
            ("--user", "u3", "--seen", "USERS"),
            1,
            "users.csv, row 1: the first row does not name 'user', 'movie'. Expected names of columns there, or 2",
        ),
        (("--users", "EMPTY"), 1, "there is no row in"),
        (("--users", "HEAD"), 1, "there is no row in"),
        (("--user", "u3", "--seen", "LINES"), 1, "there is no column 'movie'; the columns are 'user'"),
        (
            ("--users", "TWO"),
            1,
            "the first row does not name 'user'. Expected names of columns there, or 1 column of values, found 2",
        ),
        (
            ("--users", "LIBSVM"),
            2,
            "is text/libsvm, which names no columns. Expected application/jsonlines or text/csv",
        ),
        (("--user", "u3", "--user-column", "viewer"), 1, "user_column: expected one of the model's columns"),
        (("--user", "u3", "--top", "0"), 2, "expected a whole number from 1 on, found '0'"),
        ((), 2, "one of the arguments --user --users is required"),
        (("--user", "u3", "--users", "USERS"), 2, "not allowed with argument --user"),
    ],
)
def test_what_is_wrong_is_said(
    command: Command, path: Path, tmp_path: Path, words: tuple[str, ...], status: int, message: str
) -> None:
    files = {"USERS": ("users.csv", "user\nu3\n"), "EMPTY": ("empty.csv", ""), "HEAD": ("head.csv", "user\n")}
    files |= {"TWO": ("two.csv", "u3,m1\nu4,m2\n"), "LIBSVM": ("x.libsvm", "1 1:2\n")}
    files |= {"LINES": ("users.jsonl", '{"user": "u3"}\n{"user": "u4"}\n')}
    for name, content in files.values():
        (tmp_path / name).write_text(content)
    ended = command("recommend", path, *(tmp_path / files[word][0] if word in files else word for word in words))
    assert (ended.status, ended.out) == (status, "")
    assert message in ended.complaint.replace("\n", " ")


@pytest.mark.parametrize("users", [False, True])
def test_a_value_of_another_column_that_is_none_is_refused(command: Command, tmp_path: Path, users: bool) -> None:
    path = lay_out(tmp_path / "model", draw_model(WITH_CONTEXT))
    file = tmp_path / "users.csv"
    file.write_text("user,age\nu3,old\n")
    words: Any = ("--users", file) if users else ("--user", "u3", "--with", "age=old")
    ended = command("recommend", path, *words, "--include-seen")
    assert ended.status == 1
    assert ended.complaint.endswith("column 'age': expected a number, found 'old'. Mend it, or leave it empty.\n")


def test_an_algorithm_that_recommends_nothing_has_no_such_command(
    command: Command, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALGORITHM", "k_means")
    ended = command("recommend", path, "--user", "u3")
    assert ended.status == 2
    assert "there is no command 'recommend'" in ended.complaint


@pytest.mark.parametrize("target_format", ["vectors", "item-vectors", "user-vectors"])
def test_vectors_are_exported_to_a_file_and_not_to_a_terminal(
    command: Command, path: Path, tmp_path: Path, target_format: str
) -> None:
    out = tmp_path / "vectors.parquet"
    assert command("export", path, "--to", target_format, "--out", out).status == 0
    assert "vector" in parquet.read_table(out).column_names
    refused = command("export", path, "--to", target_format)
    assert (refused.status, refused.out) == (2, "")
    assert f"--to {target_format} writes no text for a terminal; say --out FILE." in refused.complaint
