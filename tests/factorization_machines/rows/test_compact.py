"""Features that no row has cost nothing, and the model is that of all features all the same."""

import time
from typing import Any

import numpy as np
import pytest

from open_algorithms.factorization_machines.rows import compact
from open_algorithms.learning.rows.csr import Csr
from open_algorithms.learning.work import Columns
from tests.factorization_machines.jobs import (
    CLASSIFIER,
    REGRESSOR,
    cut_blocks,
    densify,
    draw_classes,
    draw_pairs,
    learn,
    learn_on_hosts,
)

WIDTH = 3_000_000
TEXTS = {**CLASSIFIER, "epochs": "3", "num_models": "3"}


def spread(X: Csr, width: int = WIDTH) -> Csr:
    """Return rows whose features lie far apart, in their order."""
    return X._replace(indices=X.indices * (width // 70) + 5, shape=(X.shape[0], width))


def test_rows_of_few_of_many_features_learn_what_rows_of_these_alone_do() -> None:
    X, y = draw_classes(2000)
    test, labels = draw_classes(300, of=1)
    began = time.perf_counter()
    wide = learn(TEXTS, cut_blocks(spread(X), y), channels={"test": cut_blocks(spread(test), labels)})
    assert time.perf_counter() - began < 20
    narrow = learn(TEXTS, cut_blocks(X, y), channels={"test": cut_blocks(test, labels)})
    assert wide.model.feature_dim == WIDTH
    assert wide.model.settings["feature_dim"] == str(WIDTH)
    np.testing.assert_array_equal(wide.model.margins(spread(test)), narrow.model.margins(test))
    assert wide.measurements["test"].scores == narrow.measurements["test"].scores
    assert np.count_nonzero(wide.model.linear) == np.count_nonzero(narrow.model.linear)


def test_features_that_only_other_rows_have_count_nothing() -> None:
    X, ratings = draw_pairs(1000)
    other = Csr(np.ones(2, np.float32), np.array([7, 8], np.int32), np.array([0, 2]), (1, WIDTH))
    texts = {**REGRESSOR, "epochs": "2", "num_models": "2"}
    channels = {"validation": [*cut_blocks(spread(X), ratings), (other, ratings[:1])]}
    model = learn(texts, cut_blocks(spread(X), ratings), channels=channels).model
    assert model.margins(other)[0] == pytest.approx(model.bias)


def test_sizes_and_names_are_those_of_all_features() -> None:
    X, y = draw_classes(1000)
    heavy = X._replace(data=np.where(X.indices % 2, 7.0, 1.0).astype(np.float32))
    names = tuple(f"word{i}" for i in range(20_000))
    result = learn(TEXTS, cut_blocks(spread(heavy, 20_000), y), read_columns=lambda request: Columns(names, "liked"))
    assert result.units.sizes is not None
    assert len(result.units.sizes) == 20_000
    assert (result.model.names, result.model.label_name) == (names, "liked")
    plain = learn(TEXTS, cut_blocks(heavy, y)).model
    np.testing.assert_allclose(result.model.margins(spread(heavy, 20_000)), plain.margins(heavy), rtol=1e-6)


def test_hosts_know_the_features_of_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    X, y = draw_classes(800)
    texts = {**TEXTS, "shuffle": "false", "holdout": "0", "mini_batch_size": "50"}
    first, second = learn_on_hosts(texts, cut_blocks(spread(X, 20_000), y), 2)
    one = learn({**texts, "mini_batch_size": "100"}, cut_blocks(X, y))
    np.testing.assert_array_equal(first.model.linear, second.model.linear)
    np.testing.assert_allclose(first.model.margins(spread(X, 20_000)), one.model.margins(X), rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("why", ["dense", "narrow", "most"])
def test_other_rows_stay_as_they_are(why: str) -> None:
    X, y = draw_classes(300)
    forms: dict[str, Any] = {"dense": densify(X), "narrow": spread(X, 700), "most": X}
    rows = forms[why]
    result = learn({**TEXTS, "epochs": "1"}, cut_blocks(rows, y))
    assert result.model.feature_dim == rows.shape[1]
    assert compact.FEWEST_FEATURES > 700
