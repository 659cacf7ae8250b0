"""A bank trains its candidates in groups, and goes on with some of them."""

from dataclasses import replace

import numpy as np

from open_algorithms.factorization_machines.machines.bank import Bank, divide_candidates
from open_algorithms.factorization_machines.machines.layout import Layout
from open_algorithms.factorization_machines.machines.machines import LabelledRows, Task
from open_algorithms.factorization_machines.options.candidates import build_candidates
from open_algorithms.factorization_machines.options.hyperparameters import parse_hyperparameters
from open_algorithms.learning.types.arrays import Int32s
from tests.factorization_machines.jobs import CLASSIFIER, draw_classes

HP = parse_hyperparameters({**CLASSIFIER, "num_factors": "9", "num_models": "7", "mini_batch_size": "50"})
CANDIDATES = build_candidates(HP, 500)
X, y = draw_classes(500)
ROWS, TASK = LabelledRows(X, y), Task(int(X.shape[1] or 0), True, 0.5, 0.5)
ORDER: Int32s = np.arange(500, dtype=np.int32)


def train(bank: Bank, epochs: int = 1) -> None:
    for _ in range(epochs):
        bank.begin_epoch()
        bank.train(ROWS, lambda batch: ORDER)
        bank.end_epoch()


def test_groups_share_a_size_of_mini_batches_and_the_work() -> None:
    mixed = [replace(c, mini_batch_size=20 if c.number else 50) for c in CANDIDATES]
    groups = [[c.number for c in group] for group in divide_candidates(mixed, 2)]
    assert groups[0] == [0]
    assert sorted(number for group in groups for number in group) == list(range(7))
    assert len(groups) == 3
    assert [len(group) for group in divide_candidates(CANDIDATES, 1)] == [7]


def test_columns_of_candidates_do_not_overlap_and_blocks_are_owned() -> None:
    layout = Layout(tuple(CANDIDATES))
    used = [column for columns in layout.factors for column in range(columns.start, columns.stop)]
    assert len({*used}) == len(used)
    assert min(used) >= layout.linear_columns >= 7
    assert layout.width >= max(used) + 1
    for place, columns in enumerate(layout.factors):
        assert {layout.owners[column // 8] for column in range(columns.start, columns.stop)} <= {place}


def test_candidates_that_go_on_do_so_as_if_the_others_were_there() -> None:
    whole, some = (Bank.start(CANDIDATES, HP, TASK, 2) for _ in range(2))
    train(whole, 3)
    train(some)
    some.keep([0, 3, 5])
    train(some, 2)
    assert sorted(c.number for c in some.candidates) == [0, 3, 5]
    for number in (0, 3, 5):
        for found, expected in zip(some.parameters(number), whole.parameters(number), strict=True):
            np.testing.assert_array_equal(np.asarray(found), np.asarray(expected))


def test_a_bank_of_held_parameters_scores_as_the_bank_that_they_are_from() -> None:
    bank = Bank.start(CANDIDATES, HP, TASK, 2)
    train(bank, 2)
    held = Bank.hold(CANDIDATES, {c.number: bank.parameters(c.number) for c in CANDIDATES}, TASK, 1)
    numbers = [c.number for c in bank.candidates]
    order = [numbers.index(c.number) for c in held.candidates]
    np.testing.assert_array_equal(held.score(X), bank.score(X)[order])


def test_a_bank_goes_on_from_its_state() -> None:
    whole, again = (Bank.start(CANDIDATES, HP, TASK, 2) for _ in range(2))
    train(whole)
    state = {f"bank.{name}": np.array(array) for name, array in whole.state_arrays()}
    train(whole)
    again.load_state(state, "bank.")
    train(again)
    np.testing.assert_array_equal(again.score(X), whole.score(X))


def test_mini_batches_are_told_of_at_intervals() -> None:
    told = []
    bank = Bank.start(CANDIDATES, HP, TASK)
    bank.begin_epoch()
    bank.train(ROWS, lambda batch: ORDER, interval=4, report=lambda batch, tally: told.append((batch, tally[3:].sum())))
    assert told == [(0, 50), (4, 250), (8, 450)]
