"""PCA finds what scikit-learn's does, and an artifact has its components in the opposite order."""

import csv
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import sparse
from sklearn.decomposition import PCA as TheirPCA
from sklearn.pipeline import make_pipeline

from open_algorithms.k_means import KMeans
from open_algorithms.pca import PCA
from open_algorithms.pca.artifact.read import load_model
from tests.estimators.examples import X, run_command
from tests.estimators.inputs.tables import make_table


def fix_signs(values: NDArray[np.float64], like: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return components, or projections by column, with the signs of others."""
    return np.asarray(values * np.sign((values * like).sum(axis=-1, keepdims=True)))


def test_it_finds_what_scikit_learn_finds_the_largest_first() -> None:
    ours, theirs = PCA(num_components=4).fit(X), TheirPCA(4, svd_solver="full").fit(X)
    np.testing.assert_allclose(ours.mean_, theirs.mean_, rtol=1e-6)
    np.testing.assert_allclose(ours.singular_values_, theirs.singular_values_, rtol=1e-6)
    np.testing.assert_allclose(ours.explained_variance_, theirs.explained_variance_, rtol=1e-6)
    np.testing.assert_allclose(ours.explained_variance_ratio_, theirs.explained_variance_ratio_, rtol=1e-6)
    np.testing.assert_allclose(
        fix_signs(ours.components_, theirs.components_), theirs.components_, rtol=1e-5, atol=1e-5
    )
    found, expected = ours.transform(X).T, theirs.transform(X).T
    np.testing.assert_allclose(fix_signs(found, expected), expected, rtol=1e-4, atol=1e-3)
    assert ours.get_feature_names_out().tolist() == ["pca0", "pca1", "pca2", "pca3"]


@pytest.mark.parametrize("normalized", [False, True])
def test_projections_on_all_components_lead_back_to_the_rows(normalized: bool) -> None:
    model = PCA(normalize_data=normalized).fit(X)
    assert model.components_.shape == (30, 30)
    T = model.transform(X)
    np.testing.assert_allclose(T, (X - model.mean_) @ model.components_.T, atol=1e-9)
    np.testing.assert_allclose(model.inverse_transform(T), X, rtol=1e-4, atol=1e-2)
    assert model.explained_variance_ratio_.sum() == pytest.approx(1)


def test_there_are_as_many_components_as_there_can_be_unless_it_is_said() -> None:
    assert PCA().fit(X[:7]).components_.shape == (6, 30)
    assert PCA(subtract_mean=False).fit(X[:7]).components_.shape == (7, 30)
    assert PCA(num_components=2).fit(X).transform(X).shape == (len(X), 2)
    with pytest.raises(ValueError, match="num_components"):
        PCA(num_components=31).fit(X)


@pytest.mark.processes
def test_commands_take_what_was_saved_and_answer_the_smallest_first(tmp_path: Path) -> None:
    model = PCA(num_components=3).fit(X)
    model.save(tmp_path / "m")
    np.savetxt(tmp_path / "rows.csv", X, delimiter=",")
    answers = list(csv.reader(StringIO(run_command("predict", tmp_path / "m", tmp_path / "rows.csv", algorithm="pca"))))
    assert answers[0] == ["projection_0", "projection_1", "projection_2"]
    np.testing.assert_allclose(np.array(answers[1:], float)[:, ::-1], model.transform(X), rtol=1e-4, atol=1e-3)
    loaded = PCA.load(tmp_path / "m")
    assert (loaded.num_components, loaded.n_features_in_) == (3, 30)
    np.testing.assert_array_equal(loaded.transform(X), model.transform(X))
    np.testing.assert_array_equal(loaded.explained_variance_ratio_, model.explained_variance_ratio_)


def test_a_model_of_the_original_projects_and_does_not_say_what_it_explains(tmp_path: Path) -> None:
    model = PCA(num_components=3).fit(X)
    model.save(tmp_path)
    (tmp_path / "additional-params.json").unlink()
    loaded = PCA.load(tmp_path)
    np.testing.assert_allclose(loaded.transform(X), model.transform(X), rtol=1e-4, atol=1e-3)
    with pytest.raises(AttributeError, match="the model does not say how its rows varied"):
        loaded.explained_variance_ratio_  # noqa: B018


@pytest.mark.processes
def test_it_learns_bit_by_bit_what_a_job_of_the_command_line_does(tmp_path: Path) -> None:
    np.savetxt(tmp_path / "rows.csv", X, delimiter=",", header=",".join(f"f{i}" for i in range(30)), comments="")
    run_command("train", tmp_path / "rows.csv", "--num-components", 5, "--out", tmp_path / "m", algorithm="pca")
    there, here = load_model(tmp_path / "m"), PCA(num_components=5).fit(X).model_
    np.testing.assert_array_equal(here.loadings, there.loadings)
    np.testing.assert_array_equal(here.mean, there.mean)


def test_sparse_rows_have_the_components_of_dense_ones() -> None:
    rows = np.where(np.abs(X - X.mean(axis=0)) > X.std(axis=0), X, 0)
    dense, found = PCA(num_components=3).fit(rows), PCA(num_components=3).fit(sparse.csr_array(rows))
    np.testing.assert_allclose(found.singular_values_, dense.singular_values_, rtol=1e-5)
    np.testing.assert_allclose(found.transform(sparse.csr_array(rows)), dense.transform(rows), rtol=1e-3, atol=1e-2)


def test_words_and_gaps_are_learned_from() -> None:
    table, labels = make_table()
    model = PCA(num_components=2).fit(table, labels)
    assert {*model.component_names_} == {"town=Basel", "town=Bern", "town=Ulm", "age", "age (missing)"}
    assert model.transform(table).shape == (len(labels), 2)
    assert make_pipeline(PCA(num_components=2), KMeans(k=2)).fit_predict(table).shape == labels.shape


def test_a_notebook_shows_the_components_and_the_report_of_a_job() -> None:
    model = PCA(num_components=2).fit(X)
    assert "learned-model" in model._repr_html_()
    assert len(model.report_["components"]) == 2
    assert f"{model.report()!r}"
    assert "<svg" in model.report().html
