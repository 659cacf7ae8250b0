"""What `inspect` shows of a model."""

import numpy as np

from open_algorithms.k_means.answer import list_row_fields, model_tables
from open_algorithms.k_means.artifact.model import CentroidModel
from open_algorithms.k_means.describing.facts import clusters_table, model_facts
from tests.k_means.jobs import cluster, draw_rows
from tests.k_means.tables import make_model, make_table_model


def test_the_facts_are_those_of_training() -> None:
    result = cluster({"k": "3", "normalize_data": "true"}, draw_rows(2000))
    told = dict(model_facts(result.model))
    assert (told["clusters"], told["features"], told["rows of training"]) == ("3", "4", "2,000")
    assert told["mean squared distance"] == f"{result.clustering.distortion.msd:.6g}"
    assert told["silhouette"] == f"{result.clustering.silhouette:.6g}"
    assert told["distances"] == "of features divided by their deviations"


def test_a_model_that_knows_its_centers_alone_is_shown_with_them() -> None:
    model = CentroidModel(np.array([[0, 10], [4, 12]], np.float32))
    assert model_facts(model) == [("clusters", "2"), ("features", "2"), ("distances", "of features as they are")]
    assert clusters_table(model) == (
        "Clusters",
        ["cluster", "center (mean of all centers)"],
        [["0", "f0 0 (2); f1 10 (11)"], ["1", "f0 4 (2); f1 12 (11)"]],
    )


def test_facts_that_a_file_says_wrongly_are_not_believed() -> None:
    facts = {"rows": 2**70, "msd": float("nan"), "silhouette": "<b>", "other": 3}
    assert [text for _, text in model_facts(make_model(2, facts=facts))[3:]] == ["unknown"] * 3


def test_rows_and_shares_are_those_of_the_sizes() -> None:
    table = clusters_table(make_table_model(sizes=(30, 10)))
    assert table.heads == ["cluster", "rows", "share", "center (mean of all rows)"]
    assert [row[:3] for row in table.rows] == [["0", "30", "75.0%"], ["1", "10", "25.0%"]]


def test_of_many_clusters_the_largest_are_shown_and_that_is_said() -> None:
    table = clusters_table(make_model(200, facts={"sizes": list(range(200))}))
    assert table.title == "Clusters, the largest 50 of 200"
    assert [row[0] for row in table.rows][:2] == ["199", "198"]
    assert clusters_table(make_model(200)).title == "Clusters, the first 50 of 200"


def test_a_table_is_shown_with_its_columns_and_asks_for_them() -> None:
    model = make_table_model()
    assert [table.title for table in model_tables(model)] == ["Columns", "Clusters"]
    assert [field.name for field in list_row_fields(model)] == ["age", "since", "town", "paid", "day", "hour"]
    assert [table.title for table in model_tables(make_model(2))] == ["Clusters"]
    assert list_row_fields(make_model(2)) == []
