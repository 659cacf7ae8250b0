"""A table gets a recipe by its columns and by what the user says; what contradicts the values is a fault."""

import re

import pytest

from open_algorithms.learning.columns import infer
from open_algorithms.learning.columns.faults import ColumnFault
from open_algorithms.learning.columns.infer import infer_recipe
from open_algorithms.learning.columns.notation import PLAIN, Notation
from open_algorithms.learning.columns.recipe import CategoryColumn, LeftOutColumn, NumberColumn, Target, WeightColumn
from open_algorithms.learning.columns.survey import survey_column
from open_algorithms.learning.columns.wishes import ColumnWishes, TextNames
from tests.learning.columns.arrays import coded_array, find_recipe, number_array, text_array

FEATURE = {"x": number_array([1.5, 2.5, 4.5, 1.5])}


def find_target(labels: object, **wishes: object) -> Target:
    """Return what labels of four rows are."""
    target = find_recipe({"y": labels, **FEATURE}, ColumnWishes(**wishes)).target  # type: ignore[arg-type]
    assert target is not None
    return target


def find_fault(table: dict[str, object], **wishes: object) -> ColumnFault:
    """Return the fault of a table."""
    with pytest.raises(ColumnFault) as caught:
        find_recipe(table, ColumnWishes(**wishes))  # type: ignore[arg-type]
    return caught.value


def test_the_target_is_the_first_column_or_the_one_that_is_named() -> None:
    table = {"a": number_array([1.0, 2.0, 2.0]), "b": number_array([3.5, 4.0, 3.5])}
    first, named = find_recipe(table, ColumnWishes()), find_recipe(table, ColumnWishes(target="b"))
    assert (first.target, first.column_names) == (Target("a"), ["b"])
    assert (named.target, named.column_names) == (Target("b"), ["a"])
    assert find_recipe(table).column_names == ["a", "b"]


@pytest.mark.parametrize(
    ("labels", "classes"),
    [
        (["good", "bad", "good", "bad"], ("bad", "good")),
        (["True", "False", "True", "False"], ("False", "True")),
        (["1", "0", "0", "1"], ()),
        (["1.0", "0.0", "0", "1"], ()),
        (["2", "1", "1.0", "2.0"], (1.0, 2.0)),
        (["-1", "1", "+1", "1"], (-1.0, 1.0)),
        (["01", "02", "01", "02"], ("01", "02")),
        (["inf", "1", "inf", "1"], ("1", "inf")),
        (["1", "x", "1.0", "x"], ("1", "x")),
        (["yes", "", "no", None], ("no", "yes")),
    ],
)
def test_two_classes_are_in_the_order_of_their_numbers_or_letters(
    labels: list[str | None], classes: tuple[str | float, ...]
) -> None:
    assert find_target(text_array(labels), class_count=2) == Target("y", classes)


def test_classes_that_were_read_as_numbers_are_those_that_were_written() -> None:
    assert find_target(number_array([1.0, 0.0, 1.0, 0.0]), class_count=2) == Target("y")
    assert find_target(number_array([7.0, 9.0, 9.0, 7.0]), class_count=2) == Target("y", (7.0, 9.0))


def test_numbers_from_0_on_are_classes_of_which_some_may_not_be_there() -> None:
    assert find_target(text_array(["0", "2", "2", "0"]), class_count=4) == Target("y")
    assert find_target(text_array(["1", "2", "3", "1"]), class_count=3) == Target("y", (1.0, 2.0, 3.0))


@pytest.mark.parametrize(("positive", "classes"), [("0", (1.0, 0.0)), (" 0.0 ", (1.0, 0.0)), ("1.0", ()), ("1", ())])
def test_the_positive_class_is_second_however_it_is_written(positive: str, classes: tuple[float, ...]) -> None:
    labels = text_array(["0", "1", "1.0", "0"])
    assert find_target(labels, class_count=2, positive_label=positive) == Target("y", classes)


def test_the_positive_class_may_be_a_text() -> None:
    labels = text_array(["good", "bad", "good", "bad"])
    assert find_target(labels, class_count=2, positive_label="bad") == Target("y", ("good", "bad"))


def test_a_regressor_predicts_numbers_as_they_are_written() -> None:
    assert find_target(text_array(["$1,200", "$80", "$2", "$3"])) == Target("y", (), Notation(".", ",", "$"))
    assert find_target(number_array([3.0, 3.0, 3.0, 3.0])) == Target("y")
    assert find_target(text_array(["007", "008", "1", "3"])) == Target("y")


@pytest.mark.parametrize(
    ("labels", "wishes", "words"),
    [
        (
            ["a", "b", "c", "a"],
            {"class_count": 2},
            "3 classes, 'a', 'b', 'c'; expected 2. Say predictor_type=multiclass",
        ),
        (["a", "b", "a", "b"], {"class_count": 3}, "expected 3. Say predictor_type=binary_classifier"),
        (["a", "a", "a", "a"], {"class_count": 2}, "nothing to learn from one class"),
        (["a", "None", "None", "NA"], {"class_count": 2}, "and 3 rows without one (empty, NA, None, ? and the like)"),
        (["", "", "", ""], {"class_count": 2}, "empty in every row"),
        (["a", "b", "a", "b"], {"class_count": 2, "positive_label": "c"}, "the classes are 'a' and 'b'. Say one"),
        (["1", "2", "many", "3"], {}, "a regressor predicts numbers, found 'many'"),
        (["1", "2", "inf", "3"], {}, "a 32-bit float can hold, found 'inf'"),
        (["12%", "3.5", "2", "1"], {}, "a regressor predicts numbers, found '12%'"),
    ],
)
def test_labels_that_cannot_be_learned_are_a_fault_that_says_what_to_do(
    labels: list[str], wishes: dict[str, object], words: str
) -> None:
    fault = find_fault({"y": text_array(labels), **FEATURE}, **wishes)
    assert fault.column == "y"
    assert words in fault.sentence


@pytest.mark.parametrize(
    ("wishes", "words"),
    [
        ({"target": "z"}, "there is no column 'z'; the columns are 'y', 'x'"),
        ({"types": {"z": "number"}}, "there is no column 'z', of which a kind is said"),
        ({"types": {"y": "ignore"}}, "it is the target, and cannot be ignored"),
        (
            {"types": {"x": "ignore"}},
            "no column is left to learn from ('x': ignored, as asked). Give more columns, or say",
        ),
        ({"weight": "z"}, "there is no column 'z' of weights; the columns are 'y', 'x'"),
        ({"weight": "y"}, "it is the target, and cannot be the weight"),
        ({"weight": "x", "types": {"x": "ignore"}}, "it is said to be the weight, and of the kind ignore as well"),
        (
            {"weight": "x"},
            "no column is left to learn from. Give more columns, or say of what kind one is that is left out",
        ),
    ],
)
def test_what_the_user_says_of_no_column_is_a_fault(wishes: dict[str, object], words: str) -> None:
    assert words in str(find_fault({"y": number_array([1.0, 2.0, 3.0, 4.0]), **FEATURE}, **wishes))


def test_two_columns_of_one_name_are_a_fault() -> None:
    survey = survey_column("x", [number_array([1.5, 2.5])])
    with pytest.raises(ColumnFault, match="two columns have this name"):
        infer_recipe([survey, survey], ColumnWishes(has_target=False))


def test_what_is_asked_of_columns_overrules_their_values() -> None:
    table = {
        "y": number_array([1.0, 2.0, 3.0]),
        "x": number_array([1.0, 2.0, 1.0]),
        "note": text_array(["a", "b", "c"]),
    }
    recipe = find_recipe(table, ColumnWishes(types={"x": "category", "note": "ignore"}))
    assert recipe.columns == (CategoryColumn("x", ("1", "2")), LeftOutColumn("note", "ignored, as asked"))


def test_the_weight_is_the_column_that_the_user_says_whatever_it_looks_like() -> None:
    table = {"y": number_array([1.0, 2.0, 3.0, 4.0]), **FEATURE}
    same, codes, units = ["1"] * 4, ["01", "02", "03", "04"], ["1 kg", "2 kg", "3 kg", "1 kg"]
    for values, notation in ((same, PLAIN), (codes, PLAIN), (units, Notation(unit="kg"))):
        recipe = find_recipe({**table, "w": text_array(values)}, ColumnWishes(weight="w"))
        assert recipe.columns[1:] == (WeightColumn("w", notation),)
        assert recipe.feature_names == ("x",)
    fault = find_fault({**table, "w": text_array(["1", "2", "2", "heavy"])}, weight="w")
    assert str(fault).startswith("column 'w': expected a weight, a finite number from 0 on, found 'heavy'")


def test_a_column_that_is_asked_to_be_of_texts_has_to_be_surveyed_so() -> None:
    survey = survey_column("x", [number_array([1.0, 2.0])])
    with pytest.raises(ValueError, match="has to be surveyed as texts"):
        infer_recipe([survey], ColumnWishes(has_target=False, types={"x": "category"}))
    with pytest.raises(ValueError, match="has to be surveyed as texts"):
        infer_recipe([survey], ColumnWishes(class_count=2))


def test_levels_are_cut_from_the_widest_categories_until_they_fit_into_the_artifact(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(infer, "MOST_LEVEL_BYTES", 60)
    long, short = [f"level {number}" for number in range(9)], ["a", "b"]
    columns = {"long": text_array([*long, long[0]] * 9), "short": text_array(short * 45)}
    found = find_recipe(columns).columns
    assert found == (CategoryColumn("long", tuple(long[:4]), True), CategoryColumn("short", ("a", "b")))


def test_one_level_that_does_not_fit_into_the_artifact_is_one_of_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(infer, "MOST_LEVEL_BYTES", 20)
    found = find_recipe({"c": text_array(["x" * 30, "y" * 30] * 9)}).columns
    assert found == (CategoryColumn("c", (), True),)


def test_a_fault_says_the_column_the_text_and_what_to_do() -> None:
    assert str(ColumnFault("no good", "c", "x" * 200, "Mend it")) == f"column 'c': no good, found {'x' * 80!r}. Mend it"
    assert str(ColumnFault("no good")) == "no good"


def test_whole_numbers_of_things_are_categories_unless_the_user_or_the_values_say_otherwise() -> None:
    wishes = ColumnWishes(has_target=False, things=re.compile("user|price"))
    table = {
        "user": coded_array(["7", "7", "9", "9", "12", "12"] * 20),
        "price": coded_array(["1.5", "2", "2", "3", "3", "1.5"] * 20),
        "age": coded_array(["7", "7", "9", "9", "12", "12"] * 20),
    }
    user, price, age = find_recipe(table, wishes).columns
    assert isinstance(user, CategoryColumn)
    assert {*user.levels} == {"7", "9", "12"}
    assert isinstance(price, NumberColumn)
    assert isinstance(age, NumberColumn)
    said = ColumnWishes(has_target=False, things=wishes.things, types={"user": "number"})
    assert isinstance(find_recipe(table, said).columns[0], NumberColumn)
    assert ("user" in TextNames(wishes), "age" in TextNames(wishes), "user" in TextNames(said)) == (True, False, False)


def test_advice_says_nothing_of_more_than_two_classes_where_there_are_none() -> None:
    two = ColumnWishes("y", class_count=2, may_have_many_classes=False)
    table = {"y": coded_array(["a", "b", "c"]), "x": coded_array(["1", "2", "3"])}
    with pytest.raises(ColumnFault, match="has 3 classes") as caught:
        find_recipe(table, two)
    assert "Make a column of two of them, or say predictor_type=regressor" in caught.value.sentence
    assert "multiclass" not in caught.value.sentence
    amounts = ColumnWishes("y", may_have_many_classes=False)
    with pytest.raises(ColumnFault, match="a regressor predicts numbers") as caught:
        find_recipe(table, amounts)
    assert "multiclass" not in caught.value.sentence
