"""What a notebook shows of an estimator and of its report, and what there is elsewhere."""

from pathlib import Path

import pytest

from linear_learner import LinearLearnerClassifier
from tests.estimators.examples import NAMES, fit_amounts, fit_quickly


def test_a_fitted_estimator_shows_its_model_below_its_parameters() -> None:
    estimator = fit_quickly(y=NAMES)
    page = estimator._repr_mimebundle_()["text/html"]
    assert "learned-model" in estimator._repr_html_()
    assert "<dt>Classes</dt><dd>&#39;benign&#39;, &#39;malignant&#39;</dd>" in page
    assert page.count('<table class="bars"') == 1
    assert "learned-model" not in LinearLearnerClassifier()._repr_html_()
    assert "learned-model" in fit_amounts()._repr_html_()


def test_the_report_is_a_page_in_a_notebook_and_a_few_lines_elsewhere(tmp_path: Path) -> None:
    estimator = fit_quickly(y=NAMES)
    report = estimator.report()
    assert report._repr_html_().startswith('<iframe srcdoc="&lt;!doctype html&gt;')
    assert repr(report).splitlines()[0].startswith("scores: train accuracy ")
    report.save(tmp_path / "report.html")
    assert (tmp_path / "report.html").read_text(encoding="utf-8") == report.html
    assert "A binary classifier of 30 features" in report.html
    assert estimator.report_["classes"] == ["benign", "malignant"]


def test_a_model_that_was_loaded_has_no_report(tmp_path: Path) -> None:
    fit_quickly().save(tmp_path / "m")
    loaded = LinearLearnerClassifier.load(tmp_path / "m")
    with pytest.raises(AttributeError, match="a model that was loaded has no report: fit writes one"):
        loaded.report()
