"""The terminal tells of a finished job in two lines."""

import json

from open_algorithms.learning.showing.report_json import encode_report
from open_algorithms.pca.answer import describe_report
from tests.pca.report.jobs import make_report


def test_it_tells_what_is_explained_and_what_a_share_takes() -> None:
    report = make_report()
    first, second = describe_report(json.loads(encode_report(report)))
    assert first == f"explained variance: train {report.data.channels['train'].explained_variance_ratio:.2%}"
    assert second.startswith("components: 3; it takes ")
    assert second.endswith(" of the variance")
