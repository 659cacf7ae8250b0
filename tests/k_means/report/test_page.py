"""The page of the report: it shows what the report says, says what to do, needs nothing beside it, and runs nothing."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from open_algorithms.k_means.report.build import build_report
from open_algorithms.k_means.report.figures import equal_scales
from open_algorithms.k_means.report.page import render_report
from open_algorithms.k_means.report.schema import Report
from open_algorithms.k_means.report.words import name_structure, suggest_range
from open_algorithms.learning.showing.plots import HORIZONTAL, VERTICAL
from open_algorithms.learning.showing.words import NO_VALUE, format_number
from open_algorithms.learning.work import Columns, Work
from tests.k_means.jobs import as_blocks, cluster, draw_rows
from tests.k_means.report.jobs import JOBS, run
from tests.learning.job.recorder import Recorder
from tests.reader import PageReader


def read(report: Report) -> str:
    """Return all texts of the page of a report."""
    return " ".join(" ".join(PageReader(render_report(report)).texts).split())


def show(name: str, **changes: Any) -> str:
    """Return all texts of the page of a job, with some values of its report changed."""
    return read(replace(run(name).report, **changes))


@pytest.mark.parametrize("name", JOBS)
def test_the_page_shows_the_figures_and_needs_nothing_beside_it(name: str) -> None:
    report = run(name).report
    page = render_report(report)
    reader = PageReader(page)
    assert reader.fetched == ["data:,"]
    assert "url(" not in page
    for wrong in (">nan<", ">inf<", ">None<", 'nan"', "-0.00"):
        assert wrong not in page
    for entry in report.counts if len(report.counts) > 1 else ():
        assert format_number(entry.msd) in reader.texts
        assert format_number(entry.msd_of_centers) in reader.texts
    for found in report.data.channels.values():
        assert format_number(found.msd) in reader.texts
        assert format_number(found.ssd) in reader.texts
    for own in report.clusters if report.k <= 20 else ():
        assert f"{own.rows:,}" in reader.texts
        assert format_number(own.msd) in reader.texts


def test_the_page_says_how_the_number_of_clusters_was_chosen() -> None:
    assert "8 numbers of clusters were tried; k=" in show("several")
    assert "was chosen, because its mean silhouette is the largest" in show("several")
    asked, best = show("asked"), max(run("asked").report.counts, key=lambda entry: entry.silhouette)
    assert "k=3 was asked for." in asked
    assert (f"By the silhouette, k={best.k} would have been chosen" in asked) == (best.k != 3)
    assert "Only k=1 was tried. With k_range=2-10, say," in show("one cluster")


def test_pictures_of_several_numbers_point_out_the_one_that_was_chosen() -> None:
    page = render_report(run("several").report)
    for caption in ("How far rows are from their centers", "How clearly rows belong to their clusters"):
        assert caption in page
        assert caption not in render_report(run("one cluster").report)
    assert f"k={run('several').report.k}, which was chosen" in page
    count = run("several").report.count
    for value in (count.msd, count.silhouette):
        assert page.count(f"<title>k={count.k}: {format_number(value)}</title>") == 1
    assert "k=3, which was asked for" in render_report(run("asked").report)


def test_one_cluster_has_neither_silhouette_nor_differences() -> None:
    page = show("one cluster")
    assert "1 cluster of 200 rows" in page
    assert "silhouette" not in page.partition("What are the clusters?")[0]
    assert "Typical rows" in page
    assert f"0 200 {NO_VALUE} 100.0%" in page


def test_what_tells_a_cluster_apart_stands_beside_it() -> None:
    report = run("outlier").report
    own = next(entry for entry in report.clusters if entry.rows == 1)
    told = own.telling[0]
    assert f"{told.feature}: 500 (+{told.deviations:.1f})" in read(report)
    assert "town=" in show("table")


def test_the_row_that_is_nearest_to_each_center_is_shown_in_its_own_words() -> None:
    report = run("table").report
    page = read(report)
    values = report.clusters[0].nearest[0].values
    assert f"{values['age']:g} {values['since']:.12g}" in page
    assert str(values["day"]) in page
    assert "What became of the columns" in page


def test_the_two_squared_distances_are_told_apart() -> None:
    count = run("asked").report.count
    page = show("asked")
    assert f"called msd_of_centers here, and is {format_number(count.msd_of_centers)}" in page
    assert "how far the 60 centers that the mini-batches moved are" in page
    assert "The 10 attempts at k=6 came to" in page
    assert "Features are divided by their standard deviations" in page
    assert "Features are in their own units" in show("several")
    assert "so that all count alike, but for those that are 0 or 1." in show("table")
    assert "msd_of_centers" not in show("stopped").partition("How close are rows")[2].partition("What next?")[0]


def test_warnings_tell_what_to_know_first() -> None:
    report = run("several").report
    calm = replace(report, sample=replace(report.sample, dominant_share=0.5))
    assert 'class="warning"' not in render_report(calm)
    assert "f0 is 95% of the variance" in show(
        "several", sample=replace(report.sample, dominant="f0", dominant_share=0.95)
    )
    assert "decides on the clusters" not in show(
        "asked", sample=replace(run("asked").report.sample, dominant_share=0.95)
    ), "features are normalized"
    assert "1 of 2 clusters has no rows" in show("all alike")
    assert "asked to stop before its end" in show("stopped")
    assert "Rows hardly belong to their clusters" in show("a cluster each")
    channels = report.data.channels
    far = {**channels, "test": replace(channels["test"], msd=1.5 * channels["train"].msd)}
    assert "The test rows are 1.50 times as far" in show("several", data=replace(report.data, channels=far))


def test_the_next_steps_follow_from_what_was_found() -> None:
    assert "train with k_range=2-10" in show("outlier")
    assert "a cluster of their own, cluster" in show("outlier")
    assert "30 clusters have but one row" in show("a cluster each")
    assert "Train with normalize_data=true" in show("several")
    assert "Train with normalize_data=true" not in show("asked")
    assert "as the channel test" in show("asked")
    assert "as the channel test" not in show("several")
    report = run("stopped").report
    for k, told in ((4, "the largest number that was tried"), (2, "the smallest number"), (3, "number that was tried")):
        assert (told in show("stopped", k=k)) == (k == 4)
    assert "the smallest number that was tried" in show("stopped", k=3, counts=report.counts[1:])


@pytest.mark.parametrize(
    ("k", "rows", "numbers"), [(5, 100, "2-10"), (5, 7, "2-7"), (1, 1, "1-1"), (40, 100, "20,40,80"), (40, 50, "20,40")]
)
def test_numbers_of_clusters_are_suggested_that_there_are_rows_for(k: int, rows: int, numbers: str) -> None:
    report = run("several").report
    channels = {"train": replace(report.data.channels["train"], rows=rows)}
    assert suggest_range(replace(report, k=k, data=replace(report.data, channels=channels))) == numbers


@pytest.mark.parametrize(
    ("silhouette", "words"),
    [(0.8, "a strong"), (0.6, "a reasonable"), (0.3, "a weak"), (0.1, "hardly any"), (-0.5, "hardly any")],
)
def test_a_silhouette_is_told_in_words(silhouette: float, words: str) -> None:
    assert name_structure(silhouette).startswith(words)


def test_of_many_clusters_the_largest_come_first_and_the_others_are_counted() -> None:
    report = run("many clusters").report
    page = read(report)
    largest = max(report.clusters, key=lambda entry: entry.rows)
    assert "Rows of the 20 largest clusters" in page
    assert "The next 80 clusters" in page
    assert "50 more clusters are left out here." in page
    assert "the other 141" in page
    table = page.partition("what tells it apart")[2]
    assert f"silhouette {largest.cluster} {largest.rows}" in table


def test_names_are_shown_as_text_and_never_run() -> None:
    names = ("<script>alert(1)</script>", '"a" & {{ 7 * 7 }}', "größe\u202e" * 30, "d")
    texts = {"k": "3"}
    result = cluster(texts, draw_rows(300), columns=Columns(names))
    page = render_report(build_report(result, Work(texts, {"train": as_blocks(draw_rows(300))}, Recorder())))
    assert "<script" not in page
    assert any("<script>alert(1)</script>" in text for text in PageReader(page).texts)
    assert "{{ 7 * 7 }}" in " ".join(PageReader(page).texts)


def test_rows_and_centers_are_drawn_in_the_colours_of_their_clusters() -> None:
    report = run("asked").report
    page = render_report(report)
    picture = page.partition("Rows by their two principal components</title>")[2].partition("</figure>")[0]
    for cluster_number in range(3):
        points = picture.partition(f"<title>cluster {cluster_number}</title>")[2].partition("</g>")[0]
        assert points.count("<circle") == report.plane.rows.cluster.count(cluster_number)
        assert f"<title>center of cluster {cluster_number}</title>" in picture
        assert f'fill="var(--hue-{cluster_number})"' in picture


def test_a_unit_is_as_long_across_as_up() -> None:
    for x, y in (([0.0, 10.0], [0.0, 1.0]), ([0.0, 1.0], [-5.0, 10.0]), ([2.0, 2.0], [1.0, 1.0])):
        across, up = equal_scales(x, y, 0.5, 0.25)
        assert across.ends is not None
        assert up.ends is not None
        lengths = np.ptp(across.ends) / HORIZONTAL[1], np.ptp(up.ends) / -VERTICAL[1]
        assert lengths[0] == pytest.approx(lengths[1])
        for ends, part in ((across.ends, x), (up.ends, y)):
            assert ends[0] < min(part) <= max(part) < ends[1]
