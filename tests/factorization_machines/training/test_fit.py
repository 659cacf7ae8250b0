"""A job learns what pairs do, whatever the form and the place of its rows, and as the original does by itself."""

from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from open_algorithms.factorization_machines.artifact.packing import pack_model, unpack_model
from open_algorithms.factorization_machines.artifact.read import load_model
from open_algorithms.factorization_machines.learn import save_model
from open_algorithms.factorization_machines.training.result import TrainingResult
from open_algorithms.learning.job.errors import InputError
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
    sparsify,
)
from tests.learning.job.recorder import Quality, Recorder

X, y = draw_classes(6000)
TEST, TEST_LABELS = draw_classes(2000, of=1)
FEW = {**CLASSIFIER, "epochs": "4", "num_models": "5", "mini_batch_size": "100"}
ALONE = {**CLASSIFIER, "num_models": "1", "num_factors": "4", "mini_batch_size": "100", "epochs": "3", "holdout": "0"}
CROSS_ENTROPY = "binary_classification_cross_entropy"


def scores_on_test(result: TrainingResult) -> dict[str, float]:
    return {name: value for name, _, value in result.measurements["test"].scores}


def require_same(one: TrainingResult, other: TrainingResult, tolerance: float = 1e-5) -> None:
    np.testing.assert_allclose(one.model.margins(TEST), other.model.margins(TEST), rtol=tolerance, atol=tolerance)


def test_pairs_are_learned_that_no_linear_model_knows() -> None:
    log = Recorder()
    result = learn(CLASSIFIER, cut_blocks(X, y), log, channels={"test": cut_blocks(TEST, TEST_LABELS)})
    peer = LogisticRegression(C=1).fit(densify(X), y)
    found, linear = scores_on_test(result), peer.score(densify(TEST), TEST_LABELS)
    assert found["binary_classification_accuracy"] > 0.88 > 0.8 > linear
    assert found[CROSS_ENTROPY] < 0.3
    assert result.is_refitted
    assert result.held_out == 600
    assert sum(course.share for course in result.courses) == pytest.approx(1)
    assert log.final_value("test", CROSS_ENTROPY) == found[CROSS_ENTROPY]


def test_ratings_are_learned_as_well_whatever_their_unit() -> None:
    rows, ratings = draw_pairs(6000)
    test, expected = draw_pairs(2000, of=1)
    for scale, offset in ((1, 0), (1e4, -3e5)):
        labels = (scale * ratings + offset).astype(np.float32)
        result = learn(REGRESSOR, cut_blocks(rows, labels))
        errors = (result.model.predict(test)["score"] - (scale * expected + offset)) / scale
        assert np.sqrt(np.square(errors).mean()) < 0.45
        assert result.measurements["validation"].scores[0][:2] == ("rmse", "loss")


def test_without_factors_a_job_is_linear() -> None:
    result = learn({**CLASSIFIER, "num_factors": "0"}, cut_blocks(X, y))
    peer = LogisticRegression(C=1).fit(densify(X), y)
    assert result.model.num_factors == 0
    scores, expected = result.model.margins(TEST), peer.decision_function(densify(TEST))
    assert np.corrcoef(scores, expected)[0, 1] > 0.99


def test_the_last_mini_batch_is_filled_with_the_first_rows_and_counted() -> None:
    log = Recorder()
    learn({**ALONE, "mini_batch_size": "64", "shuffle": "false", "epochs": "1"}, cut_blocks(X, y), log)
    (accuracy,) = [
        q.value
        for q in log.select_events(Quality)
        if (q.metric, q.epoch, q.batch) == ("binary_classification_accuracy", 0, None)
    ]
    assert accuracy * 64 * 94 == pytest.approx(round(accuracy * 64 * 94), abs=1e-6)
    assert accuracy * 6000 != pytest.approx(round(accuracy * 6000), abs=1e-6)


def test_candidate_0_alone_is_candidate_0_of_the_bank() -> None:
    log, alone = Recorder(), Recorder()
    blocks, validation = cut_blocks(X, y), {"validation": cut_blocks(TEST, TEST_LABELS)}
    result = learn({**FEW, "early_stopping_patience": "9"}, blocks, log, channels=validation)
    one = learn({**FEW, "num_models": "1"}, blocks, alone, channels=validation)
    epochs = len(result.courses[0].train_losses)
    assert result.courses[0].train_losses == pytest.approx(one.courses[0].train_losses[:epochs], rel=1e-12)
    found, expected = result.courses[0].validation_losses, one.courses[0].validation_losses[:epochs]
    assert found == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("processors", [1, 2, 3])
def test_threads_do_not_change_the_model(processors: int) -> None:
    require_same(learn(FEW, cut_blocks(X, y), processors=processors), learn(FEW, cut_blocks(X, y)), 0)


def test_dense_rows_learn_what_their_sparse_form_does() -> None:
    dense = learn(FEW, cut_blocks(densify(X), y))
    sparse = learn(FEW, cut_blocks(X, y))
    assert (dense.is_sparse, sparse.is_sparse) == (False, True)
    require_same(dense, sparse)
    one, other = learn(ALONE, cut_blocks(densify(X), y)), learn(ALONE, cut_blocks(X, y))
    np.testing.assert_allclose(one.model.factors, other.model.factors, rtol=1e-5, atol=1e-7)


def test_dense_numbers_of_any_size_learn_what_their_standardised_form_does() -> None:
    generator = np.random.default_rng(0)
    Z = generator.normal(size=(3000, 6)).astype(np.float32)
    labels = (Z[:, 0] * Z[:, 1] + Z[:, 2] > 0).astype(np.float32)
    sizes, centers = np.array([1e-3, 1, 1e4, 7, 1e2, 1]), np.array([0, 5, -2e5, 0, 3e3, 1])
    raw = (Z * sizes + centers).astype(np.float32)
    result = learn(CLASSIFIER, cut_blocks(raw, labels))
    assert result.model.exact
    assert result.model.linear.dtype == result.model.factors.dtype == np.float32
    assert result.measurements["validation"].scores[0][2] > 0.9
    plain = learn({**ALONE, "normalize_data": "false"}, cut_blocks(Z, labels))
    assert not plain.model.exact


@pytest.mark.parametrize("texts", [CLASSIFIER, REGRESSOR])
def test_numbers_far_from_0_are_learned_scored_and_kept_as_those_around_0(
    texts: dict[str, str], tmp_path: Path
) -> None:
    generator, log = np.random.default_rng(0), Recorder()
    Z = generator.normal(size=(3000, 6)).astype(np.float32)
    liking = Z[:, 0] * Z[:, 1] + Z[:, 2]
    labels = (liking > 0).astype(np.float32) if texts is CLASSIFIER else liking
    shift = np.linspace(1e9, 2e9, 6)
    result = learn(texts, cut_blocks(Z, labels), log, read_columns=lambda request: Columns(shift=shift))
    name, _, value = result.measurements["validation"].scores[0]
    assert value > 0.9 if name == "binary_classification_accuracy" else value < 0.2
    rows = generator.normal(size=(50, 6))
    expected = learn(texts, cut_blocks(Z, labels)).model.margins(rows)
    save_model(result, tmp_path)
    packed = b"".join(pack_model(load_model(tmp_path)))
    for model in (result.model, load_model(tmp_path), unpack_model(packed)):
        assert model.margins(rows + shift) == pytest.approx(expected, abs=1e-3)
        np.testing.assert_array_equal(model.margins(rows + shift), result.model.margins(rows + shift))
    assert log.has_said("For such programs subtract fixed numbers from these columns")


def test_a_feature_of_a_sparse_row_counts_by_its_usual_size() -> None:
    big = X._replace(data=np.where(X.indices % 2, 1000.0, 1.0).astype(np.float32))
    result, plain = learn(FEW, cut_blocks(big, y)), learn(FEW, cut_blocks(X, y))
    np.testing.assert_allclose(result.model.margins(big), plain.model.margins(X), rtol=1e-3, atol=1e-3)


def test_a_stream_learns_what_rows_in_memory_do() -> None:
    many, labels = draw_classes(250_000)
    texts = {**ALONE, "mini_batch_size": "500", "shuffle": "false", "feature_dim": "70", "epochs": "2"}
    held, tight = Recorder(), Recorder()
    blocks = cut_blocks(many, labels, 50)
    one = learn(texts, blocks, held)
    other = learn(texts, blocks, tight, free_memory=lambda: 60 << 20)
    assert held.has_said("is held in memory")
    assert tight.has_said("is read anew for every pass")
    require_same(one, other)
    assert other.measurements["train"].rows == 250_000


def test_a_stream_holds_rows_out_to_select_on() -> None:
    many, labels = draw_classes(250_000)
    texts = {**FEW, "feature_dim": "70", "epochs": "2", "num_models": "2", "mini_batch_size": "1000"}
    result = learn(texts, cut_blocks(many, labels, 50), free_memory=lambda: 60 << 20)
    assert result.held_out == pytest.approx(25_000, abs=2)
    assert not result.is_refitted


def test_rows_that_were_held_out_are_scored_before_they_are_learned_from() -> None:
    result = learn(FEW, cut_blocks(X, y))
    again = learn({**FEW, "holdout": "0.1"}, cut_blocks(X, y))
    assert result.measurements["validation"].rows == 600
    assert again.measurements["validation"].scores == result.measurements["validation"].scores
    labels = np.random.default_rng(0).integers(0, 2, 6000).astype(np.float32)
    noise = learn({**FEW, "num_factors": "32"}, cut_blocks(X, labels))
    held_out, train = (noise.measurements[name].scores[0][2] for name in ("validation", "train"))
    assert held_out < 0.56
    assert train > held_out


def test_rows_that_weigh_twice_are_rows_that_are_there_twice() -> None:
    weights = np.ones(6000, np.float32)
    texts = {**ALONE, "shuffle": "false", "mini_batch_size": "6000", "rescale_grad": "1e-4", "epochs": "5"}
    weights[:3000] = 2
    twice = np.concatenate([np.arange(3000), np.arange(6000)])
    from open_algorithms.learning.rows.csr import take_rows

    rows, labels = take_rows(X, twice), y[twice]
    weighed = learn(texts, cut_blocks(X, y), row_weights={"train": weights})
    repeated = learn({**texts, "mini_batch_size": "9000"}, cut_blocks(rows, labels))
    require_same(weighed, repeated, 1e-4)


def test_the_threshold_is_calibrated_for_what_is_asked() -> None:
    rare = (np.arange(6000) % 9 == 0) & (y == 1)
    labels = rare.astype(np.float32)
    texts = {**FEW, "binary_classifier_model_selection_criteria": "f_beta"}
    calibrated, plain = learn(texts, cut_blocks(X, labels)), learn({**texts, "num_models": "1"}, cut_blocks(X, labels))
    assert 0 < calibrated.model.threshold < 0.5
    assert learn({**FEW, "num_models": "1"}, cut_blocks(X, labels)).model.threshold == 0.5
    assert plain.model.threshold != 0.5


def test_names_of_columns_are_the_models() -> None:
    names = tuple(f"c{i}" for i in range(70))
    result = learn(FEW, cut_blocks(X, y), read_columns=lambda request: Columns(names, "liked"))
    assert (result.model.names, result.model.label_name) == (names, "liked")


def test_a_shift_of_the_data_goes_into_the_model() -> None:
    shift = np.linspace(1e9, 2e9, 70)
    plain = learn(FEW, cut_blocks(densify(X), y))
    shifted = learn(FEW, cut_blocks(densify(X), y), read_columns=lambda request: Columns(shift=shift))
    assert shifted.model.exact
    rows = densify(TEST).astype(np.float64) + shift
    np.testing.assert_allclose(shifted.model.margins(rows), plain.model.margins(TEST), atol=1e-3)


def test_labels_that_are_all_equal_are_refused() -> None:
    with pytest.raises(InputError, match="all labels are 1; expected rows of both classes"):
        learn(CLASSIFIER, cut_blocks(X, np.ones_like(y)))


def test_labels_of_other_classes_are_refused() -> None:
    with pytest.raises(InputError, match="label"):
        learn(CLASSIFIER, cut_blocks(X, y + 1))


def test_rates_beyond_measure_end_with_advice() -> None:
    texts = {**ALONE, "linear_lr": "1e30", "factors_lr": "1e30", "bias_lr": "1e30"}
    with pytest.raises(InputError, match=r"Every candidate diverged.* lower bias_lr, linear_lr and factors_lr\.$"):
        learn(texts, cut_blocks(X, y))


def test_where_labels_are_too_large_for_the_original_the_advice_works() -> None:
    alone, large = {**ALONE, **REGRESSOR}, cut_blocks(X, y * np.float32(1e22))
    with pytest.raises(InputError, match=r"; leave num_models out, so that labels are learned"):
        learn(alone, large)
    result = learn({name: text for name, text in alone.items() if name != "num_models"} | {"holdout": "auto"}, large)
    assert {name: value for name, _, value in result.measurements["validation"].scores}["r2"] > 0.2


def test_a_diverged_candidate_is_left_out() -> None:
    result = learn({**FEW, "linear_lr": "1e30", "factors_lr": "1e30"}, cut_blocks(X, y))
    assert result.courses[0].share == 0
    assert result.measurements["validation"].scores[0][2] > 0.8


def test_the_log_has_the_lines_of_mini_batches_epochs_and_the_end() -> None:
    log = Recorder()
    learn({**ALONE, "batch_metrics_publish_interval": "20"}, cut_blocks(X, y), log)
    found = [
        (q.epoch, q.batch) for q in log.select_events(Quality) if (q.split, q.metric) == ("train", "binary_f_1.000")
    ]
    epoch = [0, 20, 40, None]
    assert found == [(e, b) for e in range(3) for b in epoch] + [(None, None)]
    assert log.has_said("[Sparse network] Building a sparse network.")


def test_few_rows_make_a_model_too() -> None:
    result = learn(CLASSIFIER, cut_blocks(X, y)[:1])
    assert result.model.feature_dim == 70
    tiny = learn(CLASSIFIER, [(sparsify(densify(X)[:6]), np.array([0, 1, 0, 1, 1, 0], np.float32))])
    assert np.isfinite(tiny.model.margins(TEST)).all()


def test_what_no_train_row_has_counts_nothing() -> None:
    wide = X._replace(shape=(X.shape[0], 90))
    model = learn(CLASSIFIER, cut_blocks(wide, y)).model
    assert model.feature_dim == 90
    assert not model.linear[70:].any()
    assert not model.factors[70:].any()


def test_numbers_far_beyond_those_of_training_count_as_no_further_than_four_deviations() -> None:
    generator = np.random.default_rng(0)
    Z = generator.normal(10, 2, size=(3000, 4)).astype(np.float32)
    labels = (Z[:, 0] + 0.1 * Z[:, 1] * Z[:, 2] + generator.normal(0, 0.1, 3000)).astype(np.float32)
    model = learn(REGRESSOR, cut_blocks(Z, labels)).model
    far, near = np.full((1, 4), 1e6), Z.mean(axis=0) + 4 * Z.std(axis=0)
    np.testing.assert_allclose(model.margins(far), model.margins(near[None].astype(np.float64)), rtol=0.01)
    sparse = X._replace(data=generator.exponential(5, len(X.data)).astype(np.float32))
    counts = learn(FEW, cut_blocks(sparse, y)).model
    assert counts.reach is not None
    some = Csr(np.array([1e6, 3], np.float32), np.array([0, 50], np.int32), np.array([0, 2]), (1, 70))
    less = some._replace(data=np.array([counts.reach[0], 3], np.float32))
    np.testing.assert_allclose(counts.margins(some), counts.margins(less), rtol=1e-6)


def test_a_column_that_is_0_at_first_and_large_later_is_no_flag() -> None:
    generator = np.random.default_rng(0)
    Z = generator.normal(size=(30_000, 3)).astype(np.float32)
    labels = (Z[:, 0] > 0).astype(np.float32)
    Z[:12_000, 2], Z[12_000:, 2] = 0, generator.exponential(5000, 18_000)
    for rows in (Z, sparsify(Z)):
        result = learn({**FEW, "epochs": "2"}, cut_blocks(rows, labels))
        assert result.units.sizes is not None
        assert result.units.sizes[2] > 1000


def test_without_bias_or_linear_weights_there_are_none() -> None:
    rows, ratings = draw_pairs(2000)
    for texts, labels in ((FEW, y[:2000]), ({**FEW, **REGRESSOR}, ratings + 5)):
        assert learn({**texts, "use_bias": "false"}, cut_blocks(rows, labels)).model.bias == 0
        assert not learn({**texts, "use_linear": "false"}, cut_blocks(rows, labels)).model.linear.any()
