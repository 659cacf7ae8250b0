"""The one error that a user can mend."""


class InputError(ValueError):
    """Say what in the user's hyperparameters or data is wrong, where, and what to do."""
