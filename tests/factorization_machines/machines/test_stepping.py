"""Gradients are those of the loss, steps are those of Adam, and numpy steps as the native library does."""

from dataclasses import replace

import numpy as np
import pytest

from open_algorithms.factorization_machines.machines.layout import Layout
from open_algorithms.factorization_machines.machines.machines import (
    MEANS,
    WEIGHTS,
    LabelledRows,
    Machines,
    Stepper,
    StepRules,
    Task,
)
from open_algorithms.factorization_machines.machines.native import NativeStepper
from open_algorithms.factorization_machines.machines.plain import PlainStepper
from open_algorithms.factorization_machines.options.candidates import Candidate, build_candidates
from open_algorithms.factorization_machines.options.hyperparameters import parse_hyperparameters
from open_algorithms.learning.engine.native.library import find_library
from open_algorithms.learning.rows.csr import Csr, as_csr
from open_algorithms.learning.types.arrays import Float64s, Floats, Int32s

FEATURES, ROWS = 23, 61
ORDER: Int32s = np.random.default_rng(5).permutation(ROWS).astype(np.int32)
TASKS = [Task(FEATURES, True), Task(FEATURES, False, 3.0, 2.5)]


def native() -> Stepper:
    library = find_library()
    assert library is not None, "make setup builds the native library"
    return NativeStepper(library)


STEPPERS = [pytest.param(native, id="native"), pytest.param(PlainStepper, id="plain")]


def draw_labelled(task: Task, *, weighted: bool = False) -> LabelledRows:
    generator = np.random.default_rng(1)
    X = np.where(generator.random((ROWS, FEATURES)) < 0.3, generator.normal(size=(ROWS, FEATURES)), 0)
    X[7] = 0
    y = generator.integers(0, 2, ROWS) if task.is_classifier else generator.normal(3, 2.5, ROWS)
    weights = generator.uniform(0.2, 2, ROWS).astype(np.float32) if weighted else None
    return LabelledRows(as_csr(X.astype(np.float32)), y.astype(np.float32), weights)


def candidates(count: int = 4, **texts: str) -> list[Candidate]:
    hp = parse_hyperparameters(
        {"predictor_type": "regressor", "num_factors": "11", "mini_batch_size": "16", "num_models": str(count), **texts}
    )
    return build_candidates(hp, ROWS)


def start(task: Task, own: list[Candidate] | None = None, rules: StepRules | None = None) -> Machines:
    hp = parse_hyperparameters({"predictor_type": "regressor", "factors_init_sigma": "0.3", "linear_init_sigma": "0.3"})
    machines = Machines(Layout(tuple(own or candidates())), task, rules or StepRules())
    machines.draw_start(hp)
    machines.weights[:, machines.layout.linear_columns :] *= 4
    return machines


def score_by_hand(X: Csr, bias: float, linear: Floats, factors: Floats) -> Float64s:
    dense = np.zeros((X.shape[0], len(linear)))
    dense[np.repeat(np.arange(X.shape[0]), np.diff(X.indptr)), X.indices] = X.data
    pairs = sum(
        (factors[i].astype(float) @ factors[j].astype(float)) * dense[:, i] * dense[:, j]
        for i in range(len(linear))
        for j in range(i)
    )
    return np.asarray(bias + dense @ linear.astype(float) + pairs)


def total_loss(machines: Machines, place: int, rows: LabelledRows, weights: Floats, bias: float) -> float:
    columns = machines.layout.factors[place]
    z = score_by_hand(rows.X, bias, weights[:, place], weights[:, columns])
    counted = np.ones(len(z)) if rows.weights is None else rows.weights
    if machines.task.is_classifier:
        return float(counted @ np.logaddexp(0, np.where(rows.y > 0.5, -z, z)))
    target = (rows.y - machines.label_means[place]) / machines.label_scales[place]
    return float(counted @ np.square(z - target)) / 2


@pytest.mark.parametrize("stepper", STEPPERS)
@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("weighted", [False, True])
def test_gradients_are_the_central_differences_of_the_loss(stepper: type[Stepper], task: Task, weighted: bool) -> None:
    rows, machines = draw_labelled(task, weighted=weighted), start(task)
    gradients, _ = stepper().sum_gradients(machines, rows, ORDER)
    weights, step = machines.weights.astype(np.float64), 1e-5
    generator = np.random.default_rng(3)
    for place in range(machines.count):
        bias = float(machines.bias[WEIGHTS, place])
        for feature in generator.choice(gradients.features, 4, replace=False):
            column = int(generator.choice([place, *range(*machines.layout.factors[place].indices(999))]))
            ends = []
            for sign in (1, -1):
                moved = weights.copy()
                moved[feature, column] += sign * step
                ends.append(total_loss(machines, place, rows, moved, bias))
            found = gradients.sums[list(gradients.features).index(feature), column]
            assert found == pytest.approx((ends[0] - ends[1]) / (2 * step), rel=2e-4, abs=2e-4)
        ends = [total_loss(machines, place, rows, weights, bias + sign * step) for sign in (1, -1)]
        assert gradients.bias[place] == pytest.approx((ends[0] - ends[1]) / (2 * step), rel=2e-4, abs=2e-4)


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("rules", [StepRules(), StepRules(1e-3, 0.01, 0.5)])
@pytest.mark.parametrize("weighted", [False, True])
def test_numpy_steps_as_the_native_library_does(task: Task, rules: StepRules, weighted: bool) -> None:
    rows = draw_labelled(task, weighted=weighted)
    both = []
    for make in (native, PlainStepper):
        machines, stepper = start(task, rules=rules), make()
        machines.begin_epoch()
        tallies = stepper.train(machines, rows, ORDER)
        stepper.average(machines)
        both.append((machines, tallies, stepper.score(machines, rows.X)))
    (one, tallies, scores), (other, other_tallies, other_scores) = both
    np.testing.assert_allclose(one.weights, other.weights, rtol=2e-3, atol=2e-5)
    np.testing.assert_allclose(one.means, other.means, rtol=2e-3, atol=2e-5)
    np.testing.assert_allclose(one.bias, other.bias, rtol=2e-3, atol=2e-5)
    np.testing.assert_allclose(tallies, other_tallies, rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(scores, other_scores, rtol=2e-3, atol=2e-3)
    assert one.updates == other.updates == 4


@pytest.mark.parametrize("stepper", STEPPERS)
def test_a_machine_alone_is_that_machine_in_a_bank_to_the_last_bit(stepper: type[Stepper]) -> None:
    task, rows, own = TASKS[0], draw_labelled(TASKS[0]), candidates(12)
    together = start(task, own)
    step = stepper()
    step.train(together, rows, ORDER)
    step.average(together)
    for place, candidate in enumerate(own):
        alone, step = start(task, [candidate]), stepper()
        step.train(alone, rows, ORDER)
        step.average(alone)
        found, expected = alone.evaluated(0), together.evaluated(place)
        assert found.bias == expected.bias
        np.testing.assert_array_equal(found.linear, expected.linear)
        np.testing.assert_array_equal(found.factors, expected.factors)


@pytest.mark.parametrize("stepper", STEPPERS)
def test_features_that_no_row_of_a_mini_batch_has_stay_as_they_are(stepper: type[Stepper]) -> None:
    task = TASKS[0]
    machines, rows = start(task), draw_labelled(task)
    before, (first, second) = machines.weights.copy(), (machines.first.copy(), machines.second.copy())
    some = ORDER[:3]
    gradients, _ = stepper().sum_gradients(machines, rows, some)
    stepper().update(machines, gradients, len(some))
    untouched = np.setdiff1d(np.arange(FEATURES), gradients.features)
    assert len(untouched)
    np.testing.assert_array_equal(machines.weights[untouched], before[untouched])
    np.testing.assert_array_equal(machines.first[untouched], first[untouched])
    np.testing.assert_array_equal(machines.second[untouched], second[untouched])
    assert (machines.weights[gradients.features] != before[gradients.features]).any(axis=1).all()


@pytest.mark.parametrize("stepper", STEPPERS)
def test_the_mean_over_an_epoch_counts_every_update_also_of_features_that_are_rarely_touched(
    stepper: type[Stepper],
) -> None:
    task, rows = TASKS[1], draw_labelled(TASKS[1])
    machines, step = start(task), stepper()
    machines.begin_epoch()
    seen, biases = np.zeros(machines.weights.shape), np.zeros(machines.bias.shape[1])
    for first in range(0, ROWS, 16):
        step.train(machines, rows, ORDER[first : first + 16])
        seen += machines.weights
        biases += machines.bias[WEIGHTS]
    step.average(machines)
    averaged = machines.averaged != 0
    np.testing.assert_allclose(machines.means[:, averaged], seen[:, averaged] / 4, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(machines.bias[MEANS, 1:4], biases[1:4] / 4, rtol=1e-4, atol=1e-6)
    np.testing.assert_array_equal(machines.means[:, 0], machines.weights[:, 0])


@pytest.mark.parametrize("stepper", STEPPERS)
def test_padding_stays_0(stepper: type[Stepper]) -> None:
    machines, rows = start(TASKS[0]), draw_labelled(TASKS[0])
    stepper().train(machines, rows, ORDER)
    used = {*range(machines.count)}
    used |= {c for columns in machines.layout.factors for c in range(columns.start, columns.stop)}
    padding = sorted({*range(machines.layout.width)} - used)
    assert padding
    assert not machines.weights[:, padding].any()


def test_a_bank_of_one_factor_or_none_is_one_too() -> None:
    for factors in (0, 1):
        own = [replace(candidate, num_factors=factors) for candidate in candidates(3)]
        task = TASKS[0]
        machines, rows = start(task, own), draw_labelled(task)
        native().train(machines, rows, ORDER)
        native().average(machines)
        scores = native().score(machines, rows.X)
        for place in range(3):
            np.testing.assert_allclose(
                scores[place], score_by_hand(rows.X, *machines.evaluated(place)), rtol=1e-4, atol=1e-5
            )


def test_the_mean_over_millions_of_updates_is_one() -> None:
    own = candidates(2, mini_batch_size="1", num_factors="0")
    machines, rows = start(TASKS[1], own), draw_labelled(TASKS[1])
    machines.rates[:], machines.bias_rates[:] = 0, 0
    machines.bias[WEIGHTS, 1], machines.weights[:, 1] = 0.7, 0.7
    machines.begin_epoch()
    native().train(machines, rows, np.resize(ORDER, 5_000_000))
    machines.second[:, 1] = 1
    native().average(machines)
    np.testing.assert_allclose(machines.bias[MEANS, 1], 0.7, rtol=1e-4)
    np.testing.assert_allclose(machines.means[:, 1], 0.7, rtol=1e-4)
