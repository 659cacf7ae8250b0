"""The report of a job: it tells what the job came to, in the units that features have and in comparable ones."""

import math
from dataclasses import replace

import numpy as np
import pytest

from open_algorithms.factorization_machines.report.build import build_report
from open_algorithms.factorization_machines.report.learned import standardise_model
from open_algorithms.factorization_machines.report.recommended import (
    choose_users,
    describe_recommendations,
    list_items,
)
from open_algorithms.factorization_machines.report.schema import ItemEntry
from open_algorithms.factorization_machines.rows.units import Units
from tests.factorization_machines.report.jobs import (
    CHANNELS,
    ITEMS,
    KINDS,
    SHARES,
    USERS,
    draw_block,
    draw_features,
    draw_truth,
    fit_example_units,
    make_report,
    make_table_report,
    tabulate,
    take_job,
)


@pytest.mark.parametrize("kind", KINDS)
def test_every_score_is_that_of_the_measurement_and_rows_are_counted(kind: str) -> None:
    result, work = take_job(kind)
    reverse = dict(sorted(result.measurements.items()))
    report = build_report(replace(result, measurements=reverse), work)
    assert list(report.channels) == list(report.data.channels) == ["train", "validation", "test"]
    for name, measured in result.measurements.items():
        assert report.channels[name].scores == {metric: value for metric, _, value in measured.scores}
        assert report.data.channels[name].rows == measured.rows == CHANNELS[name]
    assert report.judgement.main == "test"
    assert (report.threshold is None) == (kind == "regressor")
    assert set(report.reliability) == (set() if kind == "regressor" else set(CHANNELS))
    assert report.num_factors == result.model.num_factors


def test_chosen_candidates_stand_first_and_the_others_by_their_loss() -> None:
    report = make_report()
    assert {entry.candidate: entry.share for entry in report.chosen} == SHARES
    assert [entry.share for entry in report.chosen] == sorted(SHARES.values(), reverse=True)
    others = [entry.loss for entry in report.candidates[len(SHARES) :]]
    assert others == sorted(others)
    assert sorted(entry.candidate for entry in report.candidates) == list(range(6))


@pytest.mark.parametrize("channels", [("train",), ("train", "validation")])
def test_losses_are_those_of_the_best_epoch(channels: tuple[str, ...]) -> None:
    result, work = take_job(channels=channels)
    report = build_report(replace(result, courses=result.courses[::-1]), work)
    decided = "validation" in channels
    assert set(report.losses) == ({"train", "validation"} if decided else {"train"})
    for entry in report.candidates:
        course = result.courses[entry.candidate]
        assert report.losses["train"][entry.candidate] == course.train_losses
        assert entry.best_epoch == course.best_epoch
        assert entry.train_loss == course.train_losses[entry.best_epoch or 0]
        assert entry.loss == min(course.validation_losses if decided else course.train_losses)
        assert math.isnan(entry.validation_loss) == (not decided)
        assert entry.settings["factors_shrinkage"] == course.settings.factors_shrinkage
        assert "number" not in entry.settings


def test_a_job_that_is_stopped_in_its_first_epoch_is_reported() -> None:
    report = make_report(epochs=0, was_stopped=True)
    assert [entry.candidate for entry in report.chosen] == [5]
    assert all(entry.best_epoch is None and math.isnan(entry.loss) for entry in report.candidates)


@pytest.mark.parametrize("units", [Units(), Units(None, fit_example_units(draw_truth("regressor")).sizes), None])
def test_comparable_weights_give_the_same_scores_in_their_units(units: Units | None) -> None:
    model, X = draw_truth("regressor"), draw_features(50, 7)
    units = fit_example_units(model) if units is None else units
    if units.centers is not None:
        model = model.absorb_shift(-units.centers.astype(np.float64))
    scaled = X / (1 if units.sizes is None else units.sizes)
    found = standardise_model(model, units).margins(scaled)
    np.testing.assert_allclose(found, model.margins(X), rtol=1e-4, atol=1e-4)


def test_weights_and_pairs_are_the_models_the_largest_first() -> None:
    result, work = take_job("regressor")
    report, model = build_report(result, work), result.model
    for entry in report.weights:
        assert entry.raw == model.linear[entry.column]
        assert entry.feature == model.names[entry.column]
    for pair in report.pairs:
        i, j = pair.columns
        sizes = fit_example_units(model).sizes
        assert sizes is not None
        assert pair.raw == pytest.approx(float(model.factors[i].astype(np.float64) @ model.factors[j]))
        assert pair.standardised == pytest.approx(pair.raw * sizes[i] * sizes[j], rel=1e-5)
        assert pair.features == [model.names[i], model.names[j]]
    for entries in (report.weights, report.pairs):
        values = [abs(entry.standardised) for entry in entries]
        assert values == sorted(values, reverse=True)
        assert len(values) == 50


def test_pairs_of_a_table_are_of_different_columns() -> None:
    assert all(
        {name.partition("=")[0] for name in pair.features} > {pair.features[0].partition("=")[0]}
        for pair in make_table_report().pairs
    )


def test_features_that_vary_much_count_by_what_they_vary() -> None:
    result, work = take_job()
    sizes = np.ones(result.model.feature_dim, np.float32)
    sizes[-1] = 1e6
    report = build_report(replace(result, units=Units(None, sizes)), work)
    assert report.weights[0].feature == "age"
    assert {pair.features[1] for pair in report.pairs[:20]} == {"age"}


def test_a_machine_without_factors_has_no_pairs() -> None:
    result, work = take_job()
    linear = replace(result.model, factors=result.model.factors[:, :0])
    report = build_report(replace(result, model=linear), work)
    assert report.pairs == []
    assert report.num_factors == 0


def test_a_table_tells_its_columns_and_classes() -> None:
    report = make_table_report()
    assert [entry.column for entry in report.columns or []] == ["liked", "user", "item", "age"]
    assert report.classes == ["no", "yes"]
    numbers = make_report()
    assert (numbers.columns, numbers.classes, numbers.recommendations) == (None, None, None)
    assert make_table_report("regressor").classes is None


@pytest.mark.parametrize("kind", KINDS)
def test_items_are_recommended_to_those_who_were_not_seen_with_them_the_best_first(kind: str) -> None:
    model = tabulate(draw_truth(kind))
    X, _ = draw_block(draw_truth(kind), CHANNELS["train"], 0)
    seen = {(int(row[:USERS].argmax()), int(row[USERS : USERS + ITEMS].argmax())) for row in np.asarray(X)}
    counts = dict.fromkeys(range(ITEMS), 0)
    for user in range(USERS):
        rows = np.zeros((ITEMS, model.feature_dim), np.float32)
        rows[:, user] = 1
        rows[np.arange(ITEMS), USERS + np.arange(ITEMS)] = 1
        rows[:, -1] = 40
        left = [item for item in np.argsort(-model.margins(rows)).tolist() if (user, item) not in seen]
        for item in left[:10]:
            counts[item] += 1
    found = describe_recommendations(model)
    assert found is not None
    assert {int(entry.item[1:]): entry.recommended for entry in found.recommended} == {
        item: count for item, count in counts.items() if count
    }
    assert (found.pairs, found.recommendations) == (len(seen), sum(counts.values()))
    assert found.recommended_items == sum(count > 0 for count in counts.values())
    assert {int(entry.item[1:]): entry.users for entry in found.popular} == {
        item: sum(other == item for _, other in seen) for item in range(ITEMS)
    }
    for entries in (found.recommended, found.popular):
        numbers = [entry.recommended if entries is found.recommended else entry.users for entry in entries]
        assert numbers == sorted(numbers, reverse=True)


def test_only_items_that_were_seen_or_recommended_are_listed() -> None:
    numbers = np.array([0, 2, 0, 3])
    assert list_items(("a", "b", "c", "d"), numbers, numbers[::-1], numbers) == [
        ItemEntry("d", 3, 0),
        ItemEntry("b", 2, 0),
    ]


def test_where_it_is_not_known_who_was_seen_with_what_nothing_is_recommended() -> None:
    model = tabulate(draw_truth("regressor"))
    assert describe_recommendations(replace(model, seen=None)) is None
    assert describe_recommendations(replace(model, recipe=None)) is None


@pytest.mark.parametrize(
    ("users", "products", "asked"), [(3, 10, 3), (5000, 10, 1000), (5000, 2**27, 16), (9, 2**40, 1)]
)
def test_of_many_users_or_items_some_users_are_asked_for(users: int, products: int, asked: int) -> None:
    places = choose_users(users, products)
    assert len(set(places.tolist())) == len(places) == asked
    assert 0 <= places.min() <= places.max() < users
