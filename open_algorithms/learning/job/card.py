"""What an algorithm tells the doors, the commands and publishing about itself, as one value."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class ChannelCard:
    """A channel that an algorithm reads: `about` is one sentence for people."""

    name: str
    about: str
    required: bool = False
    labelled: bool = True


@dataclass(frozen=True)
class MetricCard:
    """A figure of the log: its name, the regular expression that finds it, and which way it is tuned, if it is."""

    name: str
    regex: str
    direction: str | None = None


@dataclass(frozen=True)
class Card:
    """An algorithm as others see it.

    `title` is its name for people, `about` one sentence, `declaration` the file of its hyperparameters. Of `channels`
    the first is the one that it learns from. `answers` is the word that JSON answers use for their list.
    `user_errors` are the exceptions that are the user's fault.
    """

    title: str
    about: str
    declaration: Path
    channels: tuple[ChannelCard, ...]
    metrics: tuple[MetricCard, ...]
    answers: str = "predictions"
    user_errors: tuple[type[Exception], ...] = ()
