"""Candidates are compared as a user would by hand: on all rows of all hosts, each at its own best threshold."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from operator import attrgetter
from weakref import ref

import numpy as np
import pytest

from linear_learner.bank.sliced import SlicedBank
from linear_learner.measuring import standings
from linear_learner.measuring.standings import Standings, evaluate_candidates, gather_first_rows, least_finite
from linear_learner.objective.losses import LOSSES
from linear_learner.objective.objective import Objective
from linear_learner.options.candidates import Candidate
from linear_learner.options.hyperparameters import Hyperparameters, parse_hyperparameters
from open_algorithms.learning.job.hosts import SINGLE_HOST, Hosts
from open_algorithms.learning.rows.dense import Design, build_dense_rows
from open_algorithms.learning.rows.kept import AnyRows, HeldRows, TimeLimitedRows
from open_algorithms.learning.rows.scaling import fit_scaler
from open_algorithms.learning.types.arrays import Float32s, Floats
from tests.learning.job.host_threads import run_hosts

ROWS, FEATURES, MODELS = 1300, 3, 5  # rows for three pieces of a channel that is cut into pieces of 512
GENERATOR = np.random.default_rng(7)
WEIGHTS = GENERATOR.normal(size=(MODELS, 1, FEATURES + 1)).astype(np.float32)
X = GENERATOR.normal(3, 2, (ROWS, FEATURES)).astype(np.float32)
NUMBERS = (X @ [3, -2, 1] + GENERATOR.normal(20, 8, ROWS)).astype(np.float32)
CLASSES = (X @ [1, -2, 1] + GENERATOR.normal(0, 2, ROWS) > 0).astype(np.float32)
CRITERION = "binary_classifier_model_selection_criteria"
Score = Callable[["Outcomes"], Floats]


def settings(predictor: str, **texts: str) -> Hyperparameters:
    return parse_hyperparameters({"predictor_type": predictor} | texts)


def bank_of(hp: Hyperparameters, weights: Floats = WEIGHTS, hosts: Hosts = SINGLE_HOST) -> SlicedBank:
    objective = Objective(LOSSES[hp.objective.loss], parameter=hp.objective.loss_parameter)
    return SlicedBank([Candidate()] * len(weights), weights, objective, 100, hosts=hosts)


def channel(hp: Hyperparameters, some: slice = slice(None), *, held: bool = True) -> HeldRows | TimeLimitedRows:
    """Return rows in one piece if they are held, in several if not; of a regressor the labels are standardised."""
    regressor = hp.predictor_type == "regressor"
    y = NUMBERS if regressor else CLASSES
    scaler = fit_scaler(X, y, unbias_data=True, normalize_data=True, unbias_label=regressor, normalize_label=regressor)
    rows = build_dense_rows([(X[some], y[some])], scaler, FEATURES, Design(LOSSES[hp.objective.loss].takes_signed_rows))
    return HeldRows(rows, scaler) if held else TimeLimitedRows(rows, scaler, seconds=1e6)


def margins() -> Floats:
    """Return each candidate's output for all rows, (n, M)."""
    Z = (X - X.mean(axis=0)) / X.std(axis=0)
    return np.asarray(np.column_stack([Z, np.ones(ROWS)]) @ WEIGHTS[:, 0].T)


@dataclass(frozen=True)
class Outcomes:
    """What comes of each threshold: the right answers and the parts of them, (thresholds,) each."""

    accuracy: Floats
    precision: Floats
    recall: Floats


def try_thresholds(z: Floats, y: Floats) -> Outcomes:
    """Say for every threshold, one above all outputs among them, whether each row is positive, and count."""
    said = z >= np.append(z, np.inf)[:, None]
    hits = (said & (y > 0)).sum(axis=1)
    positive = said.sum(axis=1)
    return Outcomes((said == (y > 0)).mean(axis=1), hits / np.maximum(positive, 1), hits / max(y.sum(), 1))


def best_by_hand(score: Score, rows: int = ROWS) -> list[float]:
    """Return the best score of each candidate at any threshold, on the first rows."""
    return [float(score(try_thresholds(z, CLASSES[:rows])).max()) for z in margins()[:rows].T]


def f_3(found: Outcomes) -> Floats:
    p, r = found.precision, found.recall
    return np.asarray(10 * p * r / np.maximum(9 * p + r, 1e-9))


@pytest.mark.parametrize("held", [True, False])
@pytest.mark.parametrize(("loss", "power"), [("squared_loss", 2), ("absolute_loss", 1)])
def test_losses_of_a_regressor_are_means_in_the_labels_own_unit(loss: str, power: int, held: bool) -> None:
    hp = settings("regressor", loss=loss)
    found = evaluate_candidates(bank_of(hp), channel(hp, held=held), hp, 0)
    errors = margins() * NUMBERS.std() + NUMBERS.mean() - NUMBERS[:, None]
    np.testing.assert_allclose(found.losses, (np.abs(errors) ** power).mean(axis=0), rtol=1e-4)
    np.testing.assert_array_equal(found.values, found.losses)
    assert not found.maximise
    assert found.best_value == found.losses.min()


def test_a_classifier_that_is_selected_by_its_loss_has_no_other_value() -> None:
    hp = settings("binary_classifier", **{CRITERION: "loss_function"})
    found = evaluate_candidates(bank_of(hp), channel(hp), hp, ROWS)
    z = margins()
    losses = (np.logaddexp(0, z) - CLASSES[:, None] * z).mean(axis=0)
    np.testing.assert_allclose(found.losses, losses, rtol=1e-4)
    np.testing.assert_array_equal(found.values, found.losses)
    assert not found.maximise


@pytest.mark.parametrize("held", [True, False])
@pytest.mark.parametrize(
    ("texts", "score"),
    [
        ({CRITERION: "accuracy"}, attrgetter("accuracy")),
        ({CRITERION: "f_beta", "f_beta": "3"}, f_3),
    ],
)
def test_a_classifier_has_the_score_of_its_best_threshold(texts: dict[str, str], score: Score, held: bool) -> None:
    hp = settings("binary_classifier", **texts)
    found = evaluate_candidates(bank_of(hp), channel(hp, held=held), hp, ROWS)
    np.testing.assert_allclose(found.values, best_by_hand(score), rtol=1e-6)
    z = margins()
    np.testing.assert_allclose(found.losses, (np.logaddexp(0, z) - CLASSES[:, None] * z).mean(axis=0), rtol=1e-4)
    assert found.maximise
    assert found.best_value == found.values.max()


@pytest.mark.parametrize(
    ("name", "target", "wanted", "kept"),
    [
        ("precision_at_target_recall", "target_recall", "precision", "recall"),
        ("recall_at_target_precision", "target_precision", "recall", "precision"),
    ],
)
def test_a_classifier_with_a_target_has_the_best_score_that_keeps_it(
    name: str, target: str, wanted: str, kept: str
) -> None:
    hp = settings("binary_classifier", **{CRITERION: name, target: "0.6"})
    found = evaluate_candidates(bank_of(hp), channel(hp), hp, ROWS)

    def score(outcomes: Outcomes) -> Floats:
        constraint = getattr(outcomes, kept)
        return np.where(constraint >= 0.6, getattr(outcomes, wanted), constraint - 0.6)

    np.testing.assert_allclose(found.values, best_by_hand(score), rtol=1e-6)


@pytest.mark.parametrize("rows", [1, 300, 512, 600, ROWS - 1])
@pytest.mark.parametrize("held", [True, False])
def test_thresholds_are_those_of_the_first_rows_and_losses_those_of_all(rows: int, held: bool) -> None:
    hp = settings("binary_classifier", **{CRITERION: "accuracy"})
    found = evaluate_candidates(bank_of(hp), channel(hp, held=held), hp, rows)
    np.testing.assert_allclose(found.values, best_by_hand(attrgetter("accuracy"), rows), rtol=1e-6)
    np.testing.assert_allclose(found.losses, evaluate_candidates(bank_of(hp), channel(hp), hp, ROWS).losses, rtol=1e-6)


def test_a_candidate_that_diverged_has_no_value_and_does_not_disturb_the_others() -> None:
    hp = settings("binary_classifier", **{CRITERION: "accuracy"})
    weights = WEIGHTS.copy()
    weights[2] = np.nan
    found = evaluate_candidates(bank_of(hp, weights), channel(hp), hp, ROWS)
    np.testing.assert_array_equal(np.isfinite(found.values), [True, True, False, True, True])
    sound = evaluate_candidates(bank_of(hp), channel(hp), hp, ROWS).values[[0, 1, 3, 4]]
    np.testing.assert_array_equal(found.values[[0, 1, 3, 4]], sound)
    assert found.best_value == sound.max()


def test_the_best_of_values_is_the_largest_or_the_smallest_that_is_finite() -> None:
    values = np.array([np.nan, 0.3, -0.5, np.inf, -np.inf])
    assert Standings(values, values, maximise=True).best_value == 0.3
    assert Standings(values, values, maximise=False).best_value == -0.5
    assert least_finite(np.array([np.nan, np.inf])) == np.inf


@pytest.mark.parametrize("look", range(1 + MODELS))
def test_a_job_can_be_stopped_before_a_piece_is_scored_and_before_candidates_are_ranked(
    look: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("linear_learner.measuring.standings.POOLED_SCORES", ROWS)
    hp = settings("binary_classifier", **{CRITERION: "accuracy"})
    looks = count()

    def heed() -> None:
        if next(looks) == look:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        evaluate_candidates(bank_of(hp), channel(hp), hp, ROWS, heed)
    assert next(looks) == look + 1


@pytest.mark.parametrize("criterion", ["accuracy", "loss_function"])
@pytest.mark.parametrize("rows", [ROWS, 2 * ROWS])
def test_several_hosts_come_to_what_one_with_all_rows_comes_to(criterion: str, rows: int) -> None:
    hp = settings("binary_classifier", **{CRITERION: criterion})
    parts = [slice(0, 200), slice(200, ROWS)]

    def evaluate(hosts: Hosts) -> Standings:
        return evaluate_candidates(bank_of(hp, hosts=hosts), channel(hp, parts[hosts.rank]), hp, rows, hosts=hosts)

    alone = evaluate_candidates(bank_of(hp), channel(hp), hp, ROWS)
    for found in run_hosts(2, evaluate):
        np.testing.assert_allclose(found.losses, alone.losses, rtol=1e-5)
        np.testing.assert_allclose(found.values, alone.values, rtol=1e-5)
        assert found.maximise == alone.maximise


@pytest.mark.parametrize(("scores_at_once", "together"), [(1, 1), (2 * ROWS, 2), (3 * ROWS - 1, 2), (9 * ROWS, MODELS)])
def test_several_hosts_gather_some_candidates_at_once_which_changes_nothing(
    scores_at_once: int, together: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    hp = settings("binary_classifier", **{CRITERION: "accuracy"})
    alone = evaluate_candidates(bank_of(hp), channel(hp), hp, ROWS)
    monkeypatch.setattr(standings, "POOLED_SCORES", scores_at_once)
    parts = [slice(0, 1000), slice(1000, ROWS)]
    sizes: list[int] = []

    def evaluate(hosts: Hosts) -> Standings:
        reduce_into = hosts.reduce_into
        assert reduce_into is not None

        def note_size(sent: Float32s, total: Float32s) -> None:
            sizes.append(len(sent))
            reduce_into(sent, total)

        hosts.reduce_into = note_size
        return evaluate_candidates(bank_of(hp), channel(hp, parts[hosts.rank]), hp, ROWS, hosts=hosts)

    for found in run_hosts(2, evaluate):
        np.testing.assert_allclose(found.values, alone.values, rtol=1e-5)
    scores = together * ROWS
    assert scores < max(sizes) <= (scores + 1) * 17 // 16 + 1  # a message is a sixteenth longer at most
    assert sum(size > ROWS for size in sizes) <= 2 * (1 + -(-MODELS // together))  # on both, with the labels


def test_what_is_gathered_at_once_takes_some_megabytes() -> None:
    assert 2**20 < 4 * standings.POOLED_SCORES < 2**26


@pytest.mark.parametrize("held", [True, False])
@pytest.mark.parametrize("rows", [150, 600])
def test_of_too_many_rows_each_host_calibrates_on_its_first_in_proportion_to_those_it_has(
    rows: int, held: bool
) -> None:
    hp = settings("binary_classifier", **{CRITERION: "accuracy"})
    parts = [slice(0, 100), slice(100, ROWS)]
    first = 100 * rows // (100 + rows)  # of a host with 100 rows, beside one that has as many as are wanted
    chosen = [*range(first), *range(100, 100 + rows - first)]
    best = [try_thresholds(z, CLASSES[chosen]).accuracy.max() for z in margins()[chosen].T]
    for found in run_hosts(
        2,
        lambda hosts: evaluate_candidates(
            bank_of(hp), channel(hp, parts[hosts.rank], held=held), hp, rows, hosts=hosts
        ),
    ):
        np.testing.assert_allclose(found.values, best, rtol=1e-6)


class OneByOne(TimeLimitedRows):
    """Rows of which no piece may be held any more when the next is asked for."""

    def iterate_pieces(self) -> Iterator[AnyRows]:
        for first in range(0, len(self.rows), 512):
            piece = self.rows.slice_rows(first, min(first + 512, len(self.rows)))
            held = ref(piece)
            yield piece
            del piece
            assert held() is None


def test_a_piece_is_let_go_before_the_next_is_read() -> None:
    hp = settings("binary_classifier", **{CRITERION: "accuracy"})
    rows = channel(hp)
    found = evaluate_candidates(bank_of(hp), OneByOne(rows.rows, rows.scaler, 1e6), hp, ROWS)
    np.testing.assert_allclose(found.values, best_by_hand(attrgetter("accuracy")), rtol=1e-6)


def gathered(lengths: list[int], limit: int) -> list[float]:
    """Return what hosts with so many numbers each, of ten, twenty and so on, gather up to a limit."""
    own = [10.0 * (rank + 1) + np.arange(length) for rank, length in enumerate(lengths)]
    first, *others = run_hosts(len(lengths), lambda hosts: gather_first_rows(own[hosts.rank], limit, hosts).tolist())
    assert all(other == first for other in others)
    return list(first)


def test_hosts_gather_all_their_rows_in_their_order_if_these_are_not_too_many() -> None:
    assert gathered([3, 1, 2], 6) == [10, 11, 12, 20, 30, 31]
    assert gathered([3, 0, 2], 100) == [10, 11, 12, 30, 31]


def test_of_too_many_rows_each_host_gives_its_first_in_proportion() -> None:
    assert gathered([8, 4], 3) == [10, 11, 20]
    assert gathered([2, 4, 6], 6) == [10, 20, 21, 30, 31, 32]
    assert len(gathered([5, 5, 5], 7)) == 7


def test_one_host_alone_takes_its_first_rows() -> None:
    assert gather_first_rows(np.arange(5.0), 3, SINGLE_HOST).tolist() == [0, 1, 2]
    assert gather_first_rows(np.arange(5.0), 5, SINGLE_HOST).tolist() == [0, 1, 2, 3, 4]
