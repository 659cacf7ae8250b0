"""KMeans learns what a job of K-Means does, and answers as scikit-learn's clusterers do."""

import csv
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.typing import NDArray
from scipy import sparse
from sklearn.cluster import KMeans as TheirKMeans
from sklearn.datasets import load_iris
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from open_algorithms.k_means import KMeans
from open_algorithms.k_means.artifact.read import load_model
from tests.estimators.examples import run_command

FLOWERS, SPECIES = load_iris(as_frame=True, return_X_y=True)
X: NDArray[np.float64] = FLOWERS.to_numpy()
TABLE = FLOWERS.assign(species=np.array(["setosa", "versicolor", "virginica"])[SPECIES])


def test_the_attributes_fit_one_another_and_the_answers() -> None:
    model = KMeans(k=3).fit(X)
    distances = model.transform(X)
    np.testing.assert_allclose(distances, np.linalg.norm(X[:, None] - model.cluster_centers_, axis=2), atol=1e-9)
    np.testing.assert_array_equal(model.labels_, distances.argmin(axis=1))
    np.testing.assert_array_equal(model.predict(X), model.labels_)
    np.testing.assert_array_equal(KMeans(k=3).fit_predict(X), model.labels_)
    assert model.inertia_ == pytest.approx((distances.min(axis=1) ** 2).sum()) == pytest.approx(-model.score(X))
    assert model.get_feature_names_out().tolist() == ["kmeans0", "kmeans1", "kmeans2"]


def test_clusters_are_as_tight_as_those_of_scikit_learn() -> None:
    assert KMeans(k=5).fit(X).inertia_ < 1.01 * TheirKMeans(5, n_init=10, random_state=0).fit(X).inertia_


@pytest.mark.processes
def test_it_learns_bit_by_bit_what_a_job_of_the_command_line_does(tmp_path: Path) -> None:
    FLOWERS.to_csv(tmp_path / "rows.csv", index=False)
    words = ("train", tmp_path / "rows.csv", "--k", 4, "--set", "mini_batch_size=150", "--out", tmp_path / "m")
    run_command(*words, algorithm="k_means")
    there, here = load_model(tmp_path / "m"), KMeans(k=4).fit(FLOWERS).model_
    np.testing.assert_array_equal(here.centers, there.centers)
    assert (tuple(here.names), here.facts) == (tuple(there.names), there.facts)


@pytest.mark.processes
def test_commands_take_what_was_saved_and_it_loads_again(tmp_path: Path) -> None:
    model = KMeans(k=3, ignore=["species"]).fit(TABLE)
    model.save(tmp_path / "m")
    TABLE.to_csv(tmp_path / "rows.csv", index=False)
    printed = run_command("predict", tmp_path / "m", tmp_path / "rows.csv", algorithm="k_means")
    answers = list(csv.DictReader(StringIO(printed)))
    assert [int(answer["closest_cluster"]) for answer in answers] == model.labels_.tolist()
    loaded = KMeans.load(tmp_path / "m")
    assert (loaded.k, loaded.n_features_in_) == (3, 5)
    np.testing.assert_array_equal(loaded.transform(TABLE), model.transform(TABLE))


def test_words_and_gaps_are_learned_from_and_what_is_ignored_is_not() -> None:
    table = TABLE.copy()
    table.loc[3, "sepal length (cm)"] = np.nan
    model = KMeans(k=3).fit(table)
    species = [f"species={name}" for name in ("setosa", "versicolor", "virginica")]
    assert [*model.center_names_[:2], *model.center_names_[-3:]] == [
        "sepal length (cm)",
        "sepal length (cm) (missing)",
        *species,
    ]
    assert model.cluster_centers_.shape == (3, len(model.center_names_))
    np.testing.assert_array_equal(model.predict(table[[*reversed(table.columns)]]), model.labels_)
    alone = KMeans(k=3, ignore=["species"]).fit(TABLE)
    np.testing.assert_array_equal(alone.labels_, KMeans(k=3).fit(X).labels_)


def test_beside_words_numbers_are_normalized_and_what_is_0_or_1_is_not_unless_it_is_said() -> None:
    mixed = np.asarray(KMeans(k=3).fit(TABLE).model_.deviations)
    np.testing.assert_allclose(mixed, [*X.std(axis=0), 1, 1, 1], rtol=1e-6)
    assert KMeans(k=3, normalize_data=False).fit(TABLE).model_.deviations is None
    assert KMeans(k=3).fit(FLOWERS).model_.deviations is None
    assert KMeans(k=3, ignore=["species"]).fit(TABLE).model_.deviations is None
    two = np.column_stack([X[:, 0], SPECIES == 0])
    asked = np.asarray(KMeans(normalize_data=True).fit(two).model_.deviations)
    np.testing.assert_allclose(asked, two.std(axis=0), rtol=1e-6)


@pytest.mark.parametrize(
    "convert",
    [np.ndarray.tolist, np.float32, sparse.csr_array, sparse.csc_matrix, pd.DataFrame, pl.DataFrame],
    ids=lambda convert: convert.__name__,
)
def test_rows_come_in_many_forms(convert: Callable[[Any], Any]) -> None:
    model = KMeans(k=3).fit(convert(X))
    expected = KMeans(k=3).fit(X)
    np.testing.assert_allclose(model.cluster_centers_, expected.cluster_centers_, atol=1e-5)
    np.testing.assert_allclose(model.transform(convert(X)), expected.transform(X), atol=1e-5)


def test_it_is_a_step_of_a_pipeline_that_gives_frames() -> None:
    pipeline = make_pipeline(StandardScaler(), KMeans(k=3)).set_output(transform="pandas")
    found = pipeline.fit_transform(FLOWERS, SPECIES)
    assert [*found.columns] == ["kmeans0", "kmeans1", "kmeans2"]
    assert found.index.equals(FLOWERS.index)


def test_several_numbers_of_clusters_are_tried_by_one_fit() -> None:
    model = KMeans(k="auto", k_range=range(2, 6)).fit(X)
    assert 2 <= len(model.cluster_centers_) <= 5


def test_more_clusters_than_rows_are_refused() -> None:
    with pytest.raises(ValueError, match="k is 8, and X has n_samples=5; expected no more clusters than rows"):
        KMeans().fit(X[:5])


def test_what_is_wrong_with_parameters_is_said_at_once() -> None:
    with pytest.raises(ValueError, match=r"- k: expected auto or an integer(.|\n)*- init_method: expected random or"):
        KMeans(k=0, init_method="best").fit(X)


def test_the_report_is_that_of_a_job(tmp_path: Path) -> None:
    model = KMeans(k=3).fit(X)
    model.report().save(tmp_path / "report.html")
    assert "3 clusters" in (tmp_path / "report.html").read_text(encoding="utf-8")
    assert (model.report_["k"], model.report_["data"]["features"]) == (3, 4)
