"""Amazon's own models behind our routes, in every request and answer format."""

import json
from io import BytesIO

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from benchmarks.data import FOLDER
from container.codecs.recordio import encode_records
from container.codecs.records.record_pb2 import Record
from container.codecs.registry import ANSWER_ENCODINGS, REQUEST_DECODERS
from container.contract.environment import ServerSettings
from container.web.application import create_app
from linear_learner.artifact.read import load_model

GOLDEN = FOLDER / "golden"

pytestmark = pytest.mark.shared


def write(kind: str, records: list[list[float]]) -> bytes:
    """Write records in one format."""
    match kind:
        case "application/json":
            return json.dumps({"instances": [{"features": record} for record in records]}).encode()
        case "application/jsonlines":
            return "\n".join(json.dumps({"features": record}) for record in records).encode()
        case "text/csv":
            return "\n".join(",".join(map(str, record)) for record in records).encode()
        case "text/libsvm":
            return "\n".join(" ".join(f"{i}:{value}" for i, value in enumerate(row, 1)) for row in records).encode()
        case "application/x-parquet":
            columns = np.array(records, np.float32).T
            parquet.write_table(pa.table({f"c{i}": column for i, column in enumerate(columns)}), table := BytesIO())
            return table.getvalue()
    return encode_records(np.array(records, np.float32))


def read(kind: str, answer: bytes) -> list[list[float]]:
    """Read score and label of each record."""
    match kind:
        case "application/json":
            return [[row["score"], row["predicted_label"]] for row in json.loads(answer)["predictions"]]
        case "application/jsonlines":
            return [[row["score"], row["predicted_label"]] for row in map(json.loads, answer.splitlines())]
        case "text/csv":
            return [list(map(float, line.split(b","))) for line in answer.splitlines()]
    rows, at = [], 0
    while at < len(answer):
        size = int.from_bytes(answer[at + 4 : at + 8], "little")
        label = Record.FromString(answer[at + 8 : at + 8 + size]).label
        rows.append([label[name].float32_tensor.values[0] for name in ("score", "predicted_label")])
        at += 8 + size + -size % 4
    return rows


@pytest.mark.parametrize("accept", ANSWER_ENCODINGS)
@pytest.mark.parametrize("kind", REQUEST_DECODERS)
def test_all_334_requests_to_amazons_model_are_answered_as_amazon_did(kind: str, accept: str) -> None:
    records = json.loads((GOLDEN / "adult" / "requests.json").read_text())["instances"]
    answers = json.loads((GOLDEN / "adult" / "answers.json").read_text())["predictions"]
    client = create_app(load_model, ServerSettings(model=GOLDEN / "adult")).test_client()
    body = write(kind, [record["features"] for record in records])
    found = client.post("/invocations", data=body, content_type=kind, headers={"Accept": accept})
    scores, labels = zip(*read(accept, found.data), strict=True)
    assert list(labels) == [answer["predicted_label"] for answer in answers]
    difference = np.sort(np.abs(np.array(scores) - [answer["score"] for answer in answers]))
    assert len(difference) == 334
    assert difference[-2] < 3e-7
    assert difference[-1] < 3.3e-7  # of the one score that the original, summing in float32, has 3.3e-7 off


def test_the_model_of_the_attrition_run_scores_as_its_log_says() -> None:
    rows = np.loadtxt(GOLDEN / "attrition" / "train.csv", delimiter=",")
    y, body = rows[:, 0], "\n".join(",".join(map(repr, row)) for row in rows[:, 1:].tolist())
    client = create_app(load_model, ServerSettings(model=GOLDEN / "attrition")).test_client()
    found = client.post("/invocations", data=body, content_type="text/csv", headers={"Accept": "text/csv"})
    score, label = np.array(read("text/csv", found.data)).T
    assert (label == y).sum() == 4657
    assert -np.mean(np.where(y == 1, np.log(score), np.log1p(-score))) == pytest.approx(0.555100, abs=1e-6)
