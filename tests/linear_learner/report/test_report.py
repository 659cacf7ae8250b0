"""The report of a job: what it tells is what the log tells, and what others find in the same rows."""

import io
import json
import platform
import re
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from html.parser import HTMLParser
from importlib.metadata import version
from typing import Any

import numpy as np
import pytest
from sklearn import metrics as theirs
from sklearn.calibration import calibration_curve

from container.job.log import JobLog
from linear_learner.measuring.metrics import BinaryTally, RegressorTally
from linear_learner.report.content import build_report, weight_entries
from linear_learner.report.page import render_report
from linear_learner.report.quality import calibration_bins, regression_quality, threshold_entries
from linear_learner.report.words import NO_VALUE, format_number
from linear_learner.training.fit import fit_model
from linear_learner.training.result import TrainingResult
from open_algorithms.learning.rows.dense import Block
from tests.linear_learner.silence import SilentLog
from tests.linear_learner.training.test_checkpoints import Disk, cut_off
from tests.linear_learner.training.test_fit import HYPERPARAMETERS, split
from tests.linear_learner.training.test_interruption import Stop
from tests.linear_learner.training.test_pruning import JOBS as PRUNED

Plain = dict[str, Any]
SECONDS = {"read": 0.25, "train": 1.5, "save": 0.125}
LEFT = PRUNED["classes"]
FEW = {"epochs": "5", "num_models": "12"}
JOBS: dict[str, dict[str, str]] = {
    **{predictor: job | FEW for predictor, job in HYPERPARAMETERS.items()},
    "by loss": HYPERPARAMETERS["binary_classifier"]
    | FEW
    | {"binary_classifier_model_selection_criteria": "loss_function"},
    "by hinge": HYPERPARAMETERS["binary_classifier"] | FEW | {"loss": "hinge_loss"},
    "unvalidated": HYPERPARAMETERS["binary_classifier"] | FEW,
    "pruned": LEFT[0],
}


def channels(name: str) -> dict[str, list[Block]]:
    if name == "pruned":
        return {channel: list(blocks) for channel, blocks in LEFT[1].items()}
    found = {channel: list[Block](blocks) for channel, blocks in split(JOBS[name]["predictor_type"]).items()}
    return {"train": found["train"]} if name == "unvalidated" else found


@cache
def job(name: str) -> tuple[TrainingResult, Plain, str]:
    """Run a job; return its account, its report and its log."""
    log, accounts = io.StringIO(), list[TrainingResult]()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("linear_learner.training.pruning.LEAST_SAVED_MARGINS", 0)  # let candidates leave small jobs too
        fit_model(JOBS[name], channels(name), JobLog("algo-1", "Linear Learner", log), on_result=accounts.append)
    return accounts[0], build_report(accounts[0], JOBS[name], SECONDS), log.getvalue()


def told(pattern: str, log: str) -> list[Any]:
    return re.findall(pattern, log)


@pytest.mark.parametrize("name", JOBS)
def test_every_figure_is_that_of_the_log(name: str) -> None:
    _, found, log = job(name)
    for channel, quality in found["channels"].items():
        scores = {metric: float(value) for metric, value in told(rf"#{channel}_score \(\S+\) : \('(.+)', (.+)\)", log)}
        assert quality["scores"] == scores
        assert scores
    assert set(found["channels"]) == set(channels(name))
    objective, best = found["objective"], found["curves"]["early_stopping"]
    lines = [json.loads(line[9:]) for line in log.splitlines() if line.startswith("#metrics ")]
    curves = {}
    assert found["curves"]["epochs"] == list(range(found["training"]["epochs"]))
    for channel in found["curves"]["losses"]:
        curve = np.full((len(found["bank"]), found["training"]["epochs"]), np.nan)
        for line in lines:
            if (loss := line["Metrics"].get(f"{channel}_{objective}")) is not None:
                curve[line["Dimensions"]["model"], line["Dimensions"]["epoch"]] = loss["sum"]
        curves[channel] = curve
        np.testing.assert_array_equal(np.array(found["curves"]["losses"][channel], np.float64), curve)
    early = told(r"#early_stopping_criteria_metric: .* epoch=\d+, criteria=(\S+), value=(\S+)", log)
    assert best["values"] == [float(value) for _, value in early]
    assert best["criterion"] == early[0][0].removeprefix("sampled_")
    winner = next(entry for entry in found["bank"] if entry["candidate"] == found["winner"])
    assert winner["settings"] == json.loads(told("Best model found for hyperparameters: (.*)", log)[0])
    epoch = found["training"]["best_epoch"]
    assert winner["train_loss"] == curves["train"][found["winner"], epoch]
    if "validation" in curves:
        assert winner["validation_loss"] == curves["validation"][found["winner"], epoch]
        assert winner["loss"] == winner["validation_loss"]
    if not found["training"]["maximise"]:
        assert winner["value"] == winner["loss"]
    rows = {name: sum(len(y) for _, y in blocks) for name, blocks in channels(name).items()}
    assert {name: facts["rows"] for name, facts in found["data"]["channels"].items()} == rows
    assert f"Training {len(found['bank'])} candidates on {rows['train']} rows of {found['data']['features']}" in log
    left = {entry["candidate"]: entry["left_after_epoch"] for entry in found["bank"] if entry["left_after_epoch"]}
    leaves = told(r"candidates leave: .* in (\d+) epochs: ([\d, ]+)\.", log)
    wanted = found["training"]["epochs_wanted"]
    assert left == {int(m): wanted - int(more) for more, listed in leaves for m in listed.split(", ")}
    assert left or name != "pruned"


@pytest.mark.parametrize("name", JOBS)
def test_the_winner_stands_first_and_the_others_fall(name: str) -> None:
    _, found, _ = job(name)
    assert found["bank"][0]["candidate"] == found["winner"]
    assert sorted(entry["candidate"] for entry in found["bank"]) == list(range(len(found["bank"])))
    sign = -1 if found["training"]["maximise"] else 1
    stayed = [(sign * entry["value"], entry["loss"]) for entry in found["bank"] if entry["left_after_epoch"] is None]
    assert stayed == sorted(stayed)


def rows_of(name: str, channel: str) -> tuple[Any, Any]:
    blocks = channels(name)[channel]
    X, y = (np.concatenate(parts) for parts in zip(*blocks, strict=True))
    return job(name)[0].model.predict(X), y


@pytest.mark.parametrize("name", ["binary_classifier", "by hinge", "unvalidated"])
def test_a_binary_classifiers_curves_are_scikit_learns(name: str) -> None:
    account, found, _ = job(name)
    for channel, quality in found["channels"].items():
        answer, y = rows_of(name, channel)
        score = answer["score"]
        assert quality["confusion"] == theirs.confusion_matrix(y, answer["predicted_label"]).tolist()
        fallout, recall, _ = theirs.roc_curve(y, score, drop_intermediate=False)
        points = set(zip(fallout.tolist(), recall.tolist(), strict=True))
        ours = list(zip(quality["roc"]["false_positive_rate"], quality["roc"]["true_positive_rate"], strict=True))
        assert set(ours) <= points
        assert {(0.0, 0.0), (1.0, 1.0)} <= set(ours)
        area = theirs.auc(*zip(*ours, strict=True))
        assert area == pytest.approx(quality["scores"]["roc_auc_score"], abs=0.005)
        precision, recall, _ = theirs.precision_recall_curve(y, score)
        points = set(zip(recall.tolist(), precision.tolist(), strict=True))
        curve = quality["precision_recall"]
        assert set(zip(curve["recall"], curve["precision"], strict=True)) <= points
        for entry in quality["thresholds"]:
            said = score.astype(np.float64) >= entry["threshold"]
            assert entry["flagged"] == said.sum()
            assert entry["precision"] == pytest.approx(theirs.precision_score(y, said, zero_division=0))
            assert entry["recall"] == pytest.approx(theirs.recall_score(y, said))
            assert entry["binary_classification_accuracy"] == pytest.approx((said == y).mean())
        calibrated = [entry for entry in quality["thresholds"] if entry["calibrated"]]
        assert [entry["threshold"] for entry in calibrated] == [account.model.threshold] == [found["threshold"]]
        assert calibrated[0].items() >= {k: v for k, v in quality["scores"].items() if k in calibrated[0]}.items()
        assert 3 <= len(quality["thresholds"]) <= 9
        assert ("calibration" in quality) == (name != "by hinge")
        if "calibration" in quality:
            positive, mean = calibration_curve(y, score, n_bins=10)
            np.testing.assert_allclose(quality["calibration"]["positive_share"], positive)
            np.testing.assert_allclose(quality["calibration"]["mean_score"], mean, rtol=1e-6)
            assert sum(quality["calibration"]["rows"]) == len(y)


def test_a_multiclass_classifiers_confusion_is_scikit_learns() -> None:
    quality = job("multiclass_classifier")[1]["channels"]["validation"]
    answer, y = rows_of("multiclass_classifier", "validation")
    assert quality["confusion"] == theirs.confusion_matrix(y, answer["predicted_label"]).tolist()
    precision, recall, _, rows = theirs.precision_recall_fscore_support(y, answer["predicted_label"], zero_division=0)
    assert [c["rows"] for c in quality["classes"]] == rows.tolist()
    assert [c["recall"] for c in quality["classes"]] == pytest.approx(recall.tolist())
    assert [c["precision"] for c in quality["classes"]] == pytest.approx(precision.tolist())


def test_a_regressors_residuals_are_predictions_minus_labels() -> None:
    quality = job("regressor")[1]["channels"]["validation"]
    answer, y = rows_of("regressor", "validation")
    residual = answer["score"].astype(np.float64) - y
    assert quality["sampled_rows"] == len(y) == sum(quality["residuals"]["counts"])
    assert quality["residuals"]["quantiles"]["0.5"] == pytest.approx(np.median(residual))
    np.testing.assert_allclose(quality["predictions"]["label"], y)
    np.testing.assert_allclose(quality["predictions"]["score"], answer["score"])


@pytest.mark.parametrize("name", HYPERPARAMETERS)
def test_standardised_weights_are_the_raw_ones_times_the_deviation_of_their_feature(name: str) -> None:
    account, found, _ = job(name)
    for entry in found["weights"]:
        raw = account.model.weight[entry["column"]]
        deviation = account.scaler.deviation[entry["column"]] / account.scaler.label_deviation
        np.testing.assert_allclose(entry["raw"], raw)
        np.testing.assert_allclose(entry["standardised"], raw * float(deviation), rtol=1e-6)
    largest = [max(map(abs, entry["standardised"])) for entry in found["weights"]]
    assert largest == sorted(largest, reverse=True)
    assert found["weights"][0]["feature"] == f"f{found['weights'][0]['column']}"


def test_the_versions_are_those_that_took_part() -> None:
    found = job("regressor")[1]["versions"]
    assert found["open-linear-learner"] == version("open-linear-learner")
    assert (found["numpy"], found["python"]) == (np.__version__, platform.python_version())


@pytest.mark.parametrize("residual", [0.0, 1e30, -1e-30, 2.0**24])
def test_residuals_that_are_as_good_as_equal_are_shown_as_one(residual: float) -> None:
    tally = RegressorTally()
    tally.add(np.zeros(100, np.float32), {"score": residual * (1 + 1e-15 * np.arange(100))})
    residuals = regression_quality(tally)["residuals"]
    assert residuals["edges"][0] < residual < residuals["edges"][-1]
    assert sorted(residuals["counts"])[-2:] == [0, 100]


def test_scores_that_are_not_finite_are_left_out_of_pictures() -> None:
    tally, none = RegressorTally(), RegressorTally()
    tally.add(np.arange(4, dtype=np.float32), {"score": np.array([np.inf, 1.5, np.nan, 3.5])})
    assert regression_quality(tally)["predictions"]["label"].tolist() == [1, 3]
    none.add(np.zeros(1, np.float32), {"score": np.array([-np.inf])})
    assert regression_quality(none) == {"sampled_rows": 0}
    scores = np.array([0.25, 0.75, np.nan])
    assert sum(calibration_bins(scores, np.ones((3, 2), np.int64))["rows"]) == 4


@pytest.mark.parametrize("name", HYPERPARAMETERS)
@pytest.mark.filterwarnings("ignore:overflow", "ignore:invalid value")
def test_values_far_beyond_those_of_training_and_a_single_label_are_told(name: str) -> None:
    data, accounts = channels(name), list[TrainingResult]()
    _, y = data["test"][0]
    extreme = np.full((len(y), 5), 3e38, np.float32) * np.array([1, -1, 1, 1, -1], np.float32)
    data["test"] = [(extreme, np.ones_like(y))]
    fit_model(JOBS[name], data, SilentLog(), on_result=accounts.append)
    found = build_report(accounts[0], JOBS[name], SECONDS)
    json.dumps(found, allow_nan=False)
    text = " ".join(read(found).texts)
    assert "Some figures of the test rows are beyond what can be counted" in text
    assert "All test rows have the same label" in text
    assert "All train rows" not in text


@pytest.mark.parametrize("ranked", [10, 1000])
def test_thresholds_hold_in_bins_of_scores_too(ranked: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("linear_learner.measuring.tallies.RANKED_ROWS", ranked)
    generator = np.random.default_rng(0)
    score = np.float32(1) + generator.normal(size=200).astype(np.float32) * np.float32(1e-3)
    score[::2] *= -1
    y = (generator.random(200) < 0.5).astype(np.float32)
    tally, threshold = BinaryTally(1.0), float(np.median(score))
    tally.add(y, {"score": score, "predicted_label": (score >= threshold).astype(np.int64)})
    entries = threshold_entries(tally, tally.ranking.threshold_cuts(), threshold)
    assert len(entries) >= 5
    for entry in entries:
        said = score >= entry["threshold"]
        assert entry["flagged"] == said.sum()
        assert entry["recall"] == pytest.approx(theirs.recall_score(y, said))


def test_the_weights_are_told_without_a_copy_of_them() -> None:
    account, _, _ = job("regressor")
    many = np.arange(-2_000_000, 2_000_000, dtype=np.float32).reshape(2000, 2000)
    wide = replace(
        account,
        model=replace(account.model, weight=many),
        scaler=replace(account.scaler, deviation=np.ones(2000, np.float32)),
    )
    tracemalloc.start()
    first = weight_entries(wide)[0]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (first["column"], first["classes"], first["raw"]) == (0, [0], [-2_000_000])
    assert peak < many.nbytes / 4


def test_a_job_that_goes_on_from_a_checkpoint_tells_all_of_its_epochs() -> None:
    texts, data = JOBS["binary_classifier"], channels("binary_classifier")
    accounts = list[TrainingResult]()
    fit_model(texts, data, SilentLog(), checkpoints=cut_off(2, texts, data), on_result=accounts.append)
    assert build_report(accounts[0], texts, SECONDS) == job("binary_classifier")[1]


def test_of_very_many_epochs_some_are_told_the_best_among_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("linear_learner.training.progress.MAX_HISTORY", 3 * 4 * 10)
    texts = HYPERPARAMETERS["regressor"] | {"epochs": "50", "num_models": "4", "early_stopping_patience": "50"}
    accounts = list[TrainingResult]()
    fit_model(texts, channels("regressor"), SilentLog(), on_result=accounts.append)
    found = build_report(accounts[0], texts, SECONDS)
    told = found["curves"]["epochs"]
    assert found["training"]["epochs"] == 50
    assert 5 <= len(told) <= 12
    assert told == sorted(set(told))
    assert told[-1] == 49
    assert found["training"]["best_epoch"] in told
    winner = found["bank"][0]
    at_best = told.index(found["training"]["best_epoch"])
    assert winner["validation_loss"] == found["curves"]["losses"]["validation"][found["winner"]][at_best]
    assert winner["value"] == winner["validation_loss"] == min(found["curves"]["early_stopping"]["values"])
    assert "candidate" in render_report(found)


def test_a_job_that_is_stopped_in_its_first_epoch_is_told() -> None:
    texts, accounts = JOBS["binary_classifier"], list[TrainingResult]()
    fit_model(
        texts,
        channels("binary_classifier"),
        SilentLog(),
        raise_if_stopped=Stop(3),
        checkpoints=Disk(),
        on_result=accounts.append,
    )
    found = build_report(accounts[0], texts, SECONDS)
    assert found["stopped"]
    assert (found["training"]["epochs"], found["training"]["best_epoch"]) == (0, None)
    assert "there is no curve yet" in render_report(found)
    assert "its weights that its unfinished first epoch had come to" in render_report(found)


class Reader(HTMLParser):
    """Collects the text of a page, what it fetches, and tags that are left open."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.texts: list[str] = []
        self.fetched: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.fetched += [value or "" for name, value in attrs if name in ("src", "href", "action")]
        if tag not in ("meta", "link", "wbr"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Closes itself."""

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def read(found: Plain) -> Reader:
    reader = Reader()
    reader.feed(render_report(found))
    assert not reader.open
    return reader


@pytest.mark.parametrize("name", JOBS)
def test_the_page_shows_every_score_and_needs_nothing_beside_it(name: str) -> None:
    _, found, _ = job(name)
    reader = read(found)
    assert reader.fetched == ["data:,"]
    for quality in found["channels"].values():
        for score in quality["scores"].values():
            assert format_number(score) in reader.texts
    for entry in found["bank"]:
        assert format_number(entry["loss"]) in reader.texts
    assert "url(" not in render_report(found)


NAMES: list[Callable[[int], str]] = [
    lambda i: f"<script>alert({i})</script>",
    lambda i: f"\"{i}\" & '{i}' {{{{ 7 * 7 }}}}",
    lambda i: f"größe {i} \N{GREEK SMALL LETTER ALPHA}\u202e" * 20,
]


@pytest.mark.parametrize("name", NAMES)
def test_names_are_shown_as_they_are_and_never_run(name: Callable[[int], str]) -> None:
    found = job("binary_classifier")[1]
    named = found | {"weights": [entry | {"feature": name(entry["column"])} for entry in found["weights"]]}
    named["hyperparameters"] = {"given": {name(0): name(1)}, "used": {name(0): name(1)}}
    reader = read(named)
    assert name(found["weights"][0]["column"]) in reader.texts
    assert name(1) in reader.texts
    assert "script" not in render_report(found)
    assert "<script" not in render_report(named)


def chosen(name: str, value: float, /, **second: float) -> str:
    """Return the text of a report whose winner has that value, and whose second is as is said."""
    found = job(name)[1]
    winner = found["bank"][0] | {"value": value}
    return " ".join(read(found | {"bank": [winner, winner | {"candidate": 77} | second, *found["bank"][2:]]}).texts)


def test_the_page_says_why_the_winner_won() -> None:
    loss = job("binary_classifier")[1]["bank"][0]["loss"]
    assert "the next best, candidate 77, has 0.9 too, and the same loss." in chosen("binary_classifier", 0.9)
    assert "has 0.9 too, and the higher loss." in chosen("binary_classifier", 0.9, loss=loss + 1)
    assert "has 0.8. Sorted" in chosen("binary_classifier", 0.9, value=0.8)
    assert "candidate 77" not in chosen("binary_classifier", 0.9, left_after_epoch=2)
    assert "None reaches the target" in chosen("binary_classifier", -0.1)
    assert "None reaches the target" not in chosen("binary_classifier", 0.0)


def test_the_page_draws_what_decides_where_it_is_not_the_loss() -> None:
    assert "What decides: accuracy on the validation rows" in read(job("binary_classifier")[1]).texts
    for name in ("regressor", "by loss", "unvalidated"):
        assert "What decides" not in render_report(job(name)[1])


@pytest.mark.parametrize("given", [{}, {"normalize_data": "false"}, {"normalize_label": "false"}])
def test_the_page_says_in_what_units_weights_and_losses_are(given: dict[str, str]) -> None:
    accounts = list[TrainingResult]()
    fit_model(JOBS["regressor"] | given, channels("regressor"), SilentLog(), on_result=accounts.append)
    text = " ".join(read(build_report(accounts[0], given, SECONDS)).texts)
    assert ("per standard deviation of their feature" in text) == ("normalize_data" not in given)
    assert ("normalize_data is off" in text) == ("normalize_data" in given)
    assert ("in standard deviations of the label" in text) == ("normalize_label" not in given)
    assert ("divided by its standard deviation" in text) == ("normalize_label" not in given)


def test_of_very_many_classes_the_page_shows_the_first_and_says_so() -> None:
    found = job("multiclass_classifier")[1]
    data = {"rows": 1200, "classes": [600, *[1] * 600]}
    classes = [{"class": c, "rows": c % 2, "flagged": 0, "recall": 0.0, "precision": 0.0} for c in range(601)]
    many = found | {
        "data": found["data"] | {"channels": dict.fromkeys(found["channels"], data)},
        "channels": {channel: {"scores": {"accuracy": 0.5}, "classes": classes} for channel in found["channels"]},
    }
    text = " ".join(" ".join(read(many).texts).split())
    assert "The first 100 of 601 classes on the test rows" in text
    assert "of the others 581 581 581" in text
    assert f"98 0 0 {NO_VALUE} {NO_VALUE}" in text
    assert f"99 1 0 0 {NO_VALUE}" in text


def test_what_is_not_finite_is_null_and_shown_as_a_dash() -> None:
    account, _, _ = job("regressor")
    members = account.course.active
    place = next(place for place, m in enumerate(members) if m != account.winner)
    account.course.history[:, :, members[place]] = np.inf
    account.standings.losses[place] = account.standings.values[place] = np.nan
    found = build_report(account, JOBS["regressor"], SECONDS)
    job.cache_clear()
    text = json.dumps(found, allow_nan=False)
    last = next(entry for entry in json.loads(text)["bank"] if entry["diverged"])
    assert (last["candidate"], last["diverged"], last["loss"]) == (members[place], True, None)
    assert "diverged" in read(found).texts
