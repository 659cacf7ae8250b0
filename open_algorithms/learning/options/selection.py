"""How people who train on their own machine select without rows for that, unless they say otherwise."""

from collections.abc import Collection, Mapping

from open_algorithms.learning.options.declaration import AUTO
from open_algorithms.learning.rows.folds import USUAL_FOLDS
from open_algorithms.learning.rows.holdout import USUAL_SHARE

HOLDOUT, FOLDS = "holdout", "folds"


def usual_selection(chosen: Mapping[str, str], known: Collection[str]) -> dict[str, str]:
    """Return the hyperparameters that hold rows out, or deal them to folds where these are few enough.

    They are those among the `known` ones that the user, who has `chosen` the others, leaves to us.

    >>> usual_selection({}, {"holdout", "folds"}), usual_selection({"folds": "0"}, {"holdout", "folds"})
    ({'holdout': '0.2', 'folds': '5'}, {'holdout': '0.2'})
    """
    share, folds = chosen.get(HOLDOUT, AUTO), chosen.get(FOLDS, AUTO)
    if share != AUTO or folds not in (AUTO, "0"):
        return {}
    usual = {HOLDOUT: str(USUAL_SHARE)} | ({FOLDS: str(USUAL_FOLDS)} if folds == AUTO else {})
    return {name: value for name, value in usual.items() if name in known}
