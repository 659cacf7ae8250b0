"""What a table's target says of the predictor type: names and two numbers are classes, amounts are not, or one asks."""

from collections.abc import Callable
from pathlib import Path

import pytest

from container.channels.channel import Channel
from container.contract.environment import ChannelConfig
from open_algorithms.commands.tables.classes import choose_for_table
from open_algorithms.commands.tables.predictors import PREDICTORS
from open_algorithms.commands.telling.faults import CommandError

BINARY, MULTICLASS = {"predictor_type": "binary_classifier"}, {"predictor_type": "multiclass_classifier"}
REGRESSOR = {"predictor_type": "regressor"}
Choose = Callable[..., dict[str, str]]


@pytest.fixture
def choose(tmp_path: Path) -> Choose:
    """Choose hyperparameters by a table with these labels in a column `y` behind another."""

    def by_labels(
        labels: list[str], target: str = "y", offered: tuple[str, ...] = PREDICTORS, **hyperparameters: str
    ) -> dict[str, str]:
        rows = [f"{i % 7 / 2},{label}" for i, label in enumerate(labels)]
        (tmp_path / "t.csv").write_text("\n".join(["x,y", *rows, ""]))
        channel = Channel(ChannelConfig("train", "text/csv;header=present"), tmp_path)
        return choose_for_table(hyperparameters, channel, target, offered)

    return by_labels


@pytest.mark.parametrize(
    ("labels", "chosen", "why"),
    [
        (["no", "yes"], BINARY, "the column 'y' holds 2 classes, 'no', 'yes'"),
        (["0", "1"], BINARY, "the column 'y' holds 2 classes, '0', '1'"),
        (["1", "2", ""], BINARY, "the column 'y' holds 2 classes, '1', '2'"),
        (["True", "False"], BINARY, "the column 'y' holds 2 classes, 'False', 'True'"),
        (["a", "b", "c"], MULTICLASS | {"num_classes": "3"}, "the column 'y' holds 3 classes, 'a', 'b', 'c'"),
        (["0", "1", "2"], MULTICLASS | {"num_classes": "3"}, "the column 'y' holds 3 classes, '0', '1', '2'"),
        (["1.5", "2", "3"], REGRESSOR, "the column 'y' holds fractions, such as 1.5"),
        (['"$1,151"', "$20", "$3"], REGRESSOR, "the column 'y' holds"),
        ([str(i * 37 % 1009) for i in range(300)], REGRESSOR, "holds more than 100 different values"),
    ],
)
def test_the_predictor_type_follows_from_the_labels_and_is_told(
    choose: Choose, capsys: pytest.CaptureFixture[str], labels: list[str], chosen: dict[str, str], why: str
) -> None:
    assert choose(labels * 20) == chosen
    assert f"{why}" in (said := capsys.readouterr().err)
    assert f", so this trains a {chosen['predictor_type']}; say --set predictor_type=... for another." in said


def test_where_classifiers_tell_two_classes_apart_more_numbers_are_amounts_and_more_names_are_refused(
    choose: Choose, capsys: pytest.CaptureFixture[str]
) -> None:
    offered = ("binary_classifier", "regressor")
    for labels in (["1", "2", "3", "4", "5"], ["0", "1", "2"]):
        assert choose(labels * 20, offered=offered) == REGRESSOR
        assert f"holds {len(labels)} different whole numbers, so this trains a" in capsys.readouterr().err
    assert choose(["1", "2"] * 20, offered=offered) == BINARY
    with pytest.raises(CommandError, match="holds 3 classes, 'a', 'b', 'c'; expected two classes, or numbers"):
        choose(["a", "b", "c"] * 20, offered=offered)


@pytest.mark.parametrize(
    ("labels", "said", "complaint"),
    [
        (["3", "4", "5"], {}, "holds 3 different whole numbers, 3, 4, 5. If they are amounts, say --set"),
        (["same"], {}, "every label in the column 'y' is 'same': there is nothing to learn."),
        (["4"], {}, "every label in the column 'y' is the same: there is nothing to learn."),
        ([f"name {i}" for i in range(150)], {}, "holds 150 different texts, too many for classes"),
        (["a", "b"], MULTICLASS, "the column 'y' holds two classes. Say --set predictor_type=binary_classifier."),
    ],
)
def test_labels_that_do_not_fit_are_refused_with_advice(
    choose: Choose, labels: list[str], said: dict[str, str], complaint: str
) -> None:
    with pytest.raises(CommandError) as found:
        choose(labels * 20, **said)
    assert complaint in str(found.value)


def test_what_the_user_says_is_kept_and_classes_are_counted(choose: Choose) -> None:
    assert choose(["3", "4", "5"], **MULTICLASS) == {"num_classes": "3"}
    assert choose(["3", "4", "5"], **MULTICLASS, num_classes="7") == {}
    assert choose(["3", "4", "5"], **REGRESSOR) == {}
