"""What is set for MXNet in the environment."""

import pytest

from open_algorithms.learning.engine.settings import engine_environment, processor_limit


def test_what_the_environment_says_to_mxnet_is_overruled_where_results_would_suffer() -> None:
    names = ("OMP_NUM_THREADS", "MXNET_USE_OPERATOR_TUNING", "MXNET_EXEC_BULK_EXEC_INFERENCE")
    expected = {**dict(zip(names, "101", strict=True)), "MXNET_KVSTORE_BIGARRAY_BOUND": "1024"}
    assert engine_environment(dict.fromkeys(expected, "7")) == {**expected, "GOMP_SPINCOUNT": "10000"}


def test_how_long_a_thread_waits_is_left_to_whoever_says_so() -> None:
    assert engine_environment({"GOMP_SPINCOUNT": "5"})["GOMP_SPINCOUNT"] == "5"


def test_nothing_else_of_the_environment_is_set_again() -> None:
    assert engine_environment({"HOME": "/root"}) == engine_environment({})


@pytest.mark.parametrize(("text", "limit"), [("3", 3), ("0", 8), ("", 8), ("many", 8), ("-2", 8), ("1,2", 8)])
def test_large_products_use_as_many_processors_as_the_environment_says_or_all(text: str, limit: int) -> None:
    assert processor_limit({"OMP_NUM_THREADS": text}, 8) == limit


def test_without_a_word_all_processors_are_used() -> None:
    assert processor_limit({}, 8) == 8
