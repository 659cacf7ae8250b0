"""The one error that a user can mend.

Tests: tests/linear_learner/options/test_hyperparameters.py, tests/commands/test_main.py.
"""


class InputError(ValueError):
    """An error in the user's hyperparameters or data; its message says what is wrong, where, and what to do.

    `channel` and `row` (counted from 1 over the whole channel) locate it in the data, where it is there.
    """

    def __init__(self, problem: str, channel: str | None = None, row: int | None = None) -> None:
        super().__init__(problem)
        self.channel = channel
        self.row = row
