"""The memory that a bank takes is known before it is there."""

from open_algorithms.factorization_machines.machines.budget import BankCost
from open_algorithms.factorization_machines.machines.layout import Layout
from open_algorithms.factorization_machines.machines.machines import Machines, StepRules, Task
from open_algorithms.factorization_machines.options.candidates import build_candidates
from open_algorithms.factorization_machines.options.hyperparameters import parse_hyperparameters

HP = parse_hyperparameters({"predictor_type": "regressor", "mini_batch_size": "1000"})
COST = BankCost.of(HP)


def test_the_estimate_is_no_less_than_what_machines_take() -> None:
    features = 20_000
    machines = Machines(Layout(tuple(build_candidates(HP, 1e6))), Task(features, False), StepRules())
    taken = sum(table.nbytes for table in (*machines.tables(), machines.means)) + machines.touched_at.nbytes
    best = machines.means.nbytes
    assert taken + best <= COST.bank_bytes(15, features, 1000) <= 1.5 * (taken + best) + (64 << 20)


def test_as_many_candidates_are_affordable_as_take_half_of_the_memory() -> None:
    assert COST.affordable_models(1000, 8 << 30) == 15
    some = COST.affordable_models(2_000_000, 8 << 30)
    assert 2 < some < 15
    assert COST.bank_bytes(some, 2_000_000, 1000) <= 4 << 30 < COST.bank_bytes(some + 1, 2_000_000, 1000)
    assert COST.affordable_models(10**9, 1 << 30) == 2


def test_the_user_decides_where_a_number_is_given() -> None:
    hp = parse_hyperparameters({"predictor_type": "regressor", "num_models": "40"})
    assert BankCost.of(hp).affordable_models(10**9, 1 << 30) == 40
