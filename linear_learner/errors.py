"""The one error that a user can mend."""


class InputError(ValueError):
    """Say what in the user's hyperparameters or data is wrong, where, and what to do.

    `channel` and `row`, counted from 1 over the whole channel, say where in the data, for whoever knows its files.
    """

    def __init__(self, problem: str, channel: str | None = None, row: int | None = None) -> None:
        super().__init__(problem)
        self.channel = channel
        self.row = row
