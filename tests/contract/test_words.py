"""What is said of files and requests that are not what they should be, by the real programs: word by word."""

import json
import zipfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest

from tests.contract.formats import CSV, JSON, LIBSVM, RECORDIO
from tests.contract.jobs import lay_out_example_job
from tests.contract.launch import Process
from tests.contract.servers import RunningServer, serve_model

pytestmark = pytest.mark.processes


def pack(*names: str) -> bytes:
    file = BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name in names:
            archive.writestr(name, b"1,2,3\n")
    return file.getvalue()


@pytest.mark.parametrize(
    ("kind", "rows", "reason"),
    [
        (
            CSV,
            b'{"label": 1, "features": [0.5, 2]}\n',
            ": expected text/csv, found JSON, which is read as application/jsonlines only. Write one row a line as "
            "text/csv, the label first.",
        ),
        (
            CSV,
            b"1;0.5;2\n0;0.25;3\n",
            ", row 1: expected a label and at least one feature, found one column, '1;0.5;2'. Columns must be "
            "separated by commas, not by ';', and decimals written with a point. Or say delimiter=semicolon in the "
            "content type.",
        ),
        (
            CSV,
            b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n",
            ": expected text/csv, found a Git LFS pointer. Fetch the file itself by git lfs pull.",
        ),
        (
            CSV,
            "0,1.5\n1,\u22121.5\n".encode(),
            ", row 2, column 2: expected a number, found '\u22121.5', with U+2212 (MINUS SIGN) in it. Write -1.5.",
        ),
        (
            CSV,
            b'0,"$1,234.50"\n',
            ", row 1, column 2: expected a number, found '$1,234.50': an amount of money. Write 1234.50, without "
            "the sign.",
        ),
        (
            RECORDIO,
            pack("[Content_Types].xml", "xl/workbook.xml"),
            ": expected application/x-recordio-protobuf, found an Excel workbook. Save the sheet as CSV (UTF-8).",
        ),
        (
            LIBSVM,
            b"1:0.5 1:2 3:4\n",
            ", row 1, column 1: expected a label, found '1:0.5'. Is '1:0.5' label:weight? Instance weights are not "
            "supported: write the label alone.",
        ),
    ],
    ids=["json", "semicolons", "pointer", "minus", "money", "workbook", "weight"],
)
def test_a_job_says_what_its_file_is_and_what_to_do(tmp_path: Path, kind: str, rows: bytes, reason: str) -> None:
    job = lay_out_example_job(tmp_path, Process)
    job.configure({"predictor_type": "binary_classifier"}, kind, "train")
    job.write_channel_file("train", "part.csv", rows)
    status, log = job.train()
    assert status == 1
    assert "Traceback" not in log
    assert job.failure == f"ClientError: channel 'train', file 'part.csv'{reason}"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server of a model of two features."""
    job = lay_out_example_job(tmp_path_factory.mktemp("words"), Process)
    job.configure({"predictor_type": "regressor", "epochs": "1", "num_models": "1"}, CSV, "train")
    job.write_channel_file("train", "part.csv", b"1,0.5,2\n0,0.25,3\n" * 20)
    assert job.train().status == 0
    with serve_model(job.root, Process) as running:
        yield running


@pytest.mark.parametrize(
    ("kind", "body", "reason"),
    [
        (
            CSV,
            b'{"features": [1, 2]}\n',
            "expected text/csv, but the data looks like application/jsonlines: if it is, set the content type to "
            "application/jsonlines",
        ),
        (
            CSV,
            b"id-7,0.5,2\n",
            "record 1: expected 2 columns, found 3. Is the first, 'id-7', an id or index? Send features only",
        ),
        (
            CSV,
            "\u22121.5,2".encode(),
            "record 1, column 1: expected a number, found '\u22121.5', with U+2212 (MINUS SIGN) in it. Write -1.5",
        ),
        (
            CSV,
            b"\xff\xfe1\x00,\x002\x00",
            "expected text/csv, found text in UTF-16. Save it as UTF-8",
        ),
        (
            JSON,
            b'{"features": [[1, 2], [3, 4]]}',
            'expected {"instances": [...]}, found {"features": [[1, 2], [3, 4]]}. Features are one row: write '
            '{"instances": [{"features": [...]}, ...]}, a record for each row',
        ),
        (
            LIBSVM,
            b"1:0.5 1:2\n",
            "record 1, column 2: index 1 comes twice in the row. Is '1:0.5' label:weight? Instance weights are not "
            "supported: write the label alone",
        ),
    ],
    ids=["json", "id", "minus", "utf-16", "rows", "weight"],
)
def test_a_server_says_what_a_request_is_and_what_to_send(
    server: RunningServer, kind: str, body: bytes, reason: str
) -> None:
    status, content = server.post(body, kind)
    assert status == 400
    assert json.loads(content) == {"error": f"unable to evaluate payload provided: {reason}"}
    assert "\\u" not in content.decode()
