"""Labels of any kind: numbered for training, and named in answers."""

from typing import Any

import numpy as np
import pytest

from open_algorithms.estimators.inputs.labels import find_classes, restore_classes
from open_algorithms.learning.job.errors import InputError

KINDS: list[tuple[list[Any], tuple[str | float, ...]]] = [
    ([0, 1], ()),
    ([0.0, 1.0, 2.0], ()),
    ([-1, 1], (-1.0, 1.0)),
    ([1.0, 2.0], (1.0, 2.0)),
    ([False, True], ("false", "true")),
    (["no", "yes"], ("no", "yes")),
    (["10", "9"], ("10", "9")),
    ([2**60, 2**60 + 1], (str(2**60), str(2**60 + 1))),
]


@pytest.mark.parametrize(("values", "names"), KINDS)
def test_classes_are_numbered_as_they_sort(values: list[Any], names: tuple[str | float, ...]) -> None:
    classes = find_classes(np.array([*values, *values[::-1]]))
    assert (classes.values.tolist(), classes.names) == (values, names)
    assert classes.number_labels(np.array(values), "y").tolist() == [*range(len(values))]


def test_labels_that_do_not_sort_among_the_classes_are_refused() -> None:
    classes = find_classes(np.array(["no", "yes"], object))
    with pytest.raises(InputError, match=r"validation has the label 1 in row 1 .* expected one of 'no', 'yes'"):
        classes.number_labels(np.array(["yes", 1], object), "validation")


def test_labels_that_are_objects_are_what_they_hold() -> None:
    assert find_classes(np.array([1, -1], object)).names == (-1.0, 1.0)
    assert find_classes(np.array(["b", "a"], object)).names == ("a", "b")


@pytest.mark.parametrize(("values", "names"), KINDS[:-1])
def test_what_was_loaded_answers_with_the_same_classes(values: list[Any], names: tuple[str | float, ...]) -> None:
    restored = restore_classes(names, len(values))
    assert (restored.values.tolist(), restored.numbers.tolist()) == (values, [*range(len(values))])


@pytest.mark.parametrize(
    ("values", "positive", "names"),
    [
        (["no", "yes"], "no", ("yes", "no")),
        (["no", "yes"], "yes", ("no", "yes")),
        ([0, 1], "0", (1.0, 0.0)),
        ([0, 1], "1", ()),
        ([-1, 1], "-1.0", (1.0, -1.0)),
        ([False, True], "false", ("true", "false")),
    ],
)
def test_the_positive_label_is_number_1(values: list[Any], positive: str, names: tuple[str | float, ...]) -> None:
    classes = find_classes(np.array(values), positive)
    numbers = classes.number_labels(np.array(values), "y").tolist()
    assert (classes.values.tolist(), classes.names) == (values, names)
    assert numbers == ([1, 0] if (names and names[0] == values[1]) or names == ("true", "false") else [0, 1])
    restored = restore_classes(names, 2)
    assert (restored.values.tolist(), restored.numbers.tolist()) == (values, numbers)


@pytest.mark.parametrize(("values", "positive"), [(["no", "yes"], "maybe"), (["a", "b", "c"], "a")])
def test_a_positive_label_is_one_of_two(values: list[Any], positive: str) -> None:
    with pytest.raises(InputError, match=f"positive_label is '{positive}', and the classes are '.*; expected one of"):
        find_classes(np.array(values), positive)


def test_one_class_is_too_few() -> None:
    with pytest.raises(InputError, match="y has one class, 'a'; expected two classes or more"):
        find_classes(np.array(["a", "a"]))


def test_a_label_that_is_not_learned_from_is_named() -> None:
    classes = find_classes(np.array(["a", "b"]))
    for label in ("c", "aa", "0"):
        with pytest.raises(InputError, match=rf"validation has the label .*'{label}'.* in row 1 .*; expected one of"):
            classes.number_labels(np.array(["a", label]), "validation")
