"""What an algorithm says of itself to the doors, the commands and publishing, as one value.

Tests: tests/doors/test_second_algorithm.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class ChannelCard:
    """A channel that an algorithm reads: `about` is one sentence for people, `labelled` tells of labels in its rows."""

    name: str
    about: str
    required: bool = False
    labelled: bool = True


@dataclass(frozen=True)
class MetricCard:
    """A metric name and the regular expression whose one group is the value; the service takes the last match in a log.

    `direction` is how a tuning job optimises it, Minimize or Maximize; None where it cannot be a tuning objective.
    """

    name: str
    regex: str
    direction: str | None = None


@dataclass(frozen=True)
class Card:
    """An algorithm as others see it.

    `title` is its name for people, `about` one sentence, `declaration` the file of its hyperparameters. Of `channels`
    the first is the one that it learns from; `start_channel` is the one of a model to start from, if it takes one. The
    metrics of the log call it `name_in_metrics`, or else by its title. `answers` is the key of the list of answers in
    JSON. `exports` are the formats that its models can be exported to, by their words on the command line. `trial` are
    hyperparameters of a small job, by which the service may try the algorithm. `asked` are those of which the user has
    to say one: they are options of `train`. One that `has_own_threads` leaves numpy but one. Of the exports, those in
    `binary_exports` are no texts. One that `recommends` has models that may know users and items. One that `holds_out`
    rows to select on by itself, where it is not told which, is not told to by those who train on their own machine. One
    that `reports` writes the report of any of its models on labelled rows.
    """

    title: str
    about: str
    declaration: Path
    channels: tuple[ChannelCard, ...]
    metrics: tuple[MetricCard, ...] = ()
    name_in_metrics: str = ""
    start_channel: ChannelCard | None = None
    answers: str = "predictions"
    exports: Mapping[str, str] = field(default_factory=dict)
    trial: Mapping[str, str] = field(default_factory=dict)
    asked: tuple[str, ...] = ()
    has_own_threads: bool = False
    binary_exports: tuple[str, ...] = ()
    recommends: bool = False
    holds_out: bool = False
    reports: bool = False
