"""Memory is shared out so that the bank, the scores and the data fit together; sums of it are done here by hand."""

import pytest

from linear_learner.options.budget import Budget, bank_bytes, check_tensor_sizes, scoring_chunk_rows
from linear_learner.options.hyperparameters import Hyperparameters, parse_hyperparameters
from open_algorithms.learning.job.errors import InputError

MIB, GIB = 2**20, 2**30
MANY = 10**6  # rows: more than a mini-batch
FLOAT = 4  # bytes
LARGEST = 2_147_483_647  # elements of an array


def settings(predictor: str = "regressor", models: int = 4, **texts: str) -> Hyperparameters:
    return parse_hyperparameters({"predictor_type": predictor, "num_models": str(models)} | texts)


def usable(free: int) -> int:
    """All but a tenth, and what is read ahead and scored beside the data."""
    return int(free * 0.9) - 48 * MIB


def test_a_dense_bank_takes_sixteen_numbers_a_weight_a_mini_batch_and_six_numbers_a_margin() -> None:
    weights, batch, margins = 3 * 16 * (99 + 1), 10_000 * (99 + 1), 10_000 * 3 * 16
    assert bank_bytes(3, 16, 99, 10_000, sparse=False) == FLOAT * (16 * weights + batch + 6 * margins)


def test_the_weights_of_a_dense_bank_are_made_up_to_a_multiple_of_sixteen_outputs() -> None:
    """As vectors have so many numbers."""
    assert bank_bytes(1, 1, 99, 0, sparse=False) == bank_bytes(16, 1, 99, 0, sparse=False)
    assert bank_bytes(17, 1, 99, 0, sparse=False) == bank_bytes(32, 1, 99, 0, sparse=False)


def test_a_sparse_bank_takes_half_of_that_for_a_weight_and_nothing_for_a_mini_batch() -> None:
    weights, margins = 3 * 2 * (99 + 1), 10_000 * 3 * 2
    assert bank_bytes(3, 2, 99, 10_000, sparse=True) == FLOAT * (8 * weights + 6 * margins)


def test_scoring_takes_as_much_with_small_mini_batches_as_it_does_in_pieces_of_8192_rows() -> None:
    assert bank_bytes(1, 1, 9, 1, sparse=True) == FLOAT * (8 * 10 + 6 * 8192)
    assert bank_bytes(1, 1, 9, 8193, sparse=True) == FLOAT * (8 * 10 + 6 * 8193)


def test_a_bank_without_rows_is_its_weights() -> None:
    assert bank_bytes(2, 1, 9, 0, sparse=True) == FLOAT * 8 * 2 * 10


@pytest.mark.parametrize("outputs", [1, 10, 2048, 2049, 1_000_000, 2**24, 2**25])
def test_no_more_is_scored_at_once_than_sixteen_million_margins_of_8192_rows_but_one_row_always(outputs: int) -> None:
    rows = scoring_chunk_rows(outputs)
    assert 1 <= rows <= 8192
    assert rows * outputs <= 2**24 or rows == 1
    assert rows == 8192 or (rows + 1) * outputs > 2**24


@pytest.mark.parametrize("sparse", [False, True])
def test_what_the_bank_leaves_of_nine_tenths_of_the_memory_is_for_data(sparse: bool) -> None:
    bank = FLOAT * (8 * 4 * 100 + 6 * 8192 * 4) if sparse else FLOAT * (16 * 16 * 100 + 1000 * 100 + 6 * 8192 * 4)
    found = Budget(GIB).data_bytes(settings(), 99, MANY, sparse=sparse)
    assert found == usable(GIB) - bank


def test_a_machine_that_nobody_told_the_memory_of_has_eight_gibibytes_and_stands_alone() -> None:
    for sparse in (False, True):
        plain, told = (
            budget.data_bytes(settings(), 99, MANY, sparse=sparse) for budget in (Budget(), Budget(8 * GIB, 1))
        )
        assert plain == told


def test_a_binary_classifier_keeps_an_eighth_of_the_memory_for_ranking_scores() -> None:
    regressor, classifier = (
        Budget(GIB).data_bytes(settings(predictor), 99, MANY, sparse=False)
        for predictor in ("regressor", "binary_classifier")
    )
    assert regressor - classifier == GIB // 8
    several = Budget(GIB).data_bytes(settings("multiclass_classifier", 2, num_classes="3"), 99, MANY, sparse=False)
    assert several == usable(GIB) - FLOAT * (16 * 16 * 100 + 1000 * 100 + 6 * 8192 * 6)


@pytest.mark.parametrize("hosts", [2, 3])
def test_on_several_hosts_ten_copies_of_the_gradient_and_the_servers_are_kept_room_for(hosts: int) -> None:
    hp = settings("multiclass_classifier", 2, num_classes="3")
    alone, together = (Budget(GIB, count).data_bytes(hp, 99, MANY, sparse=False) for count in (1, hosts))
    assert alone - together == 10 * FLOAT * 2 * 3 * 100 + 96 * MIB


def test_the_mini_batch_that_counts_is_that_of_all_hosts_and_never_more_than_the_rows_that_there_are() -> None:
    hp = settings().spread_over(20)
    of_twenty = Budget(GIB).data_bytes(hp, 99, MANY, sparse=False)
    of_large = Budget(GIB).data_bytes(settings(mini_batch_size="20000"), 99, MANY, sparse=False)
    of_few_rows = Budget(GIB).data_bytes(settings(mini_batch_size="1000000"), 99, 20_000, sparse=False)
    assert of_twenty == of_large == of_few_rows
    assert of_twenty < Budget(GIB).data_bytes(settings(), 99, MANY, sparse=False)


def least_memory(features: int, *, sparse: bool) -> int:
    """The least free memory, in bytes, that a job with mini-batches of 10,000 rows is not refused with."""
    low, high = 0, 8 * GIB
    while high - low > 1:
        middle = (low + high) // 2
        try:
            Budget(middle).data_bytes(settings(mini_batch_size="10000"), features, MANY, sparse=sparse)
        except InputError:
            low = middle
        else:
            high = middle
    return high


@pytest.mark.parametrize("sparse", [False, True])
def test_a_machine_that_six_mini_batches_just_fit_is_enough_and_a_byte_less_is_not(sparse: bool) -> None:
    row = (
        12 if sparse else FLOAT * (99 + 2)
    )  # the features, the column of ones and the label; 12 of an empty sparse row
    free = least_memory(99, sparse=sparse)
    left = Budget(free).data_bytes(settings(mini_batch_size="10000"), 99, MANY, sparse=sparse)
    assert left == 6 * 10_000 * row


def test_a_job_that_does_not_fit_is_told_its_size_the_memory_and_what_to_change() -> None:
    need = FLOAT * (16 * 1008 * 1_000_000 + 1000 * 1_000_000 + 6 * 8192 * 1000) / GIB
    message = (
        f"1000 candidates of 1 x 999999 weights with mini-batches of 1000 rows need about {need:.2f} GiB beside the "
        "data, more than can be spared of the 1.50 GiB that there are. Lower num_models or mini_batch_size, or use a "
        "larger instance."
    )
    with pytest.raises(InputError) as refused:
        Budget(3 * GIB // 2).data_bytes(settings(models=1000), 999_999, MANY, sparse=False)
    assert str(refused.value) == message


@pytest.mark.parametrize(("hosts", "bytes_a_weight"), [(1, 8 * FLOAT), (2, (8 + 10) * FLOAT)])
def test_the_widest_data_is_that_whose_weights_just_fit(hosts: int, bytes_a_weight: int) -> None:
    hp = settings("multiclass_classifier", 2, num_classes="3")
    width = Budget(GIB, hosts).largest_width(hp)
    weights = 2 * 3 * (width + 1)  # with the bias
    assert bytes_a_weight * weights <= 0.9 * GIB < bytes_a_weight * (weights + 2 * 3)


def test_no_data_is_so_wide_that_its_weights_are_more_than_an_array_holds() -> None:
    hp = settings("multiclass_classifier", 2, num_classes="3")
    weights = 2 * 3 * (Budget(1000 * GIB).largest_width(hp) + 1)
    assert weights <= LARGEST < weights + 2 * 3


def test_the_scaler_samples_rows_of_a_sixteenth_of_the_memory() -> None:
    assert Budget(GIB).sample_bytes == 64 * MIB


def test_thresholds_are_calibrated_on_as_many_rows_as_an_eighth_of_the_memory_holds_the_scores_of() -> None:
    hp = settings("binary_classifier", 5)
    row = 5 * 2 * FLOAT + 56  # margins and their copies; score, order, label and counts of one model
    rows = Budget(64 * MIB).calibration_rows(hp)
    assert rows * row <= 8 * MIB < (rows + 1) * row


def test_thresholds_are_calibrated_on_one_row_at_least_and_no_more_than_the_user_said() -> None:
    assert Budget(0).calibration_rows(settings("binary_classifier")) == 1
    assert Budget(GIB).calibration_rows(settings("binary_classifier", num_calibration_samples="77")) == 77


@pytest.mark.parametrize(
    ("models", "outputs", "features", "batch", "largest"),
    [
        (2, 3, 1_000_000, 5, 6 * 1_000_001),  # all weights
        (2, 3, 4, 1_000_000, 6 * 1_000_000),  # all margins of a mini-batch
        (1, 1, 9_999, 2_000, 2_000 * 10_000),  # a mini-batch
    ],
)
def test_the_largest_array_is_the_weights_the_margins_or_the_mini_batch(
    models: int, outputs: int, features: int, batch: int, largest: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("linear_learner.options.budget.LARGEST_TENSOR", largest)
    check_tensor_sizes(models, outputs, features, batch)
    monkeypatch.setattr("linear_learner.options.budget.LARGEST_TENSOR", largest - 1)
    with pytest.raises(InputError, match=f"need an array of {largest} numbers; MXNet holds {largest - 1}"):
        check_tensor_sizes(models, outputs, features, batch)


def test_an_array_of_more_than_two_to_the_31_numbers_is_refused() -> None:
    check_tensor_sizes(1, 1, LARGEST - 1, 1)
    with pytest.raises(InputError, match=r"1 candidates of 1 x 2147483647 weights .* Lower num_models or mini_batch"):
        check_tensor_sizes(1, 1, LARGEST, 1)
