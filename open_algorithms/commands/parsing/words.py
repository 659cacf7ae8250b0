"""The command line parser: no abbreviated options, and helpful messages for unknown words.

Tests: tests/commands/test_main.py.
"""

import argparse
import re
import sys
from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any, NoReturn


class CommandParser(argparse.ArgumentParser):
    """An argument parser that answers an unknown option with the closest known ones.

    `advice` maps words that users may expect, the first word of an option or a command, to an explanation.
    """

    def __init__(self, *names: Any, **about: Any) -> None:
        super().__init__(*names, **{"allow_abbrev": False, **about})
        self.commands: dict[str, CommandParser] = {}
        self.advice: dict[str, str] = {}

    def add_command(
        self, commands: "argparse._SubParsersAction[CommandParser]", name: str, about: str
    ) -> "CommandParser":
        """Add a subcommand with a parser of its own."""
        self.commands[name] = commands.add_parser(name, help=about, description=f"{about[0].upper()}{about[1:]}.")
        return self.commands[name]

    def parse_words(self, words: Sequence[str] | None) -> argparse.Namespace:
        """Parse the words; an error exits with status 2 and shows the usage of the subcommand."""
        given = sys.argv[1:] if words is None else words
        if given and not given[0].startswith("-") and given[0] not in self.commands:
            there = f"there is no command {given[0]!r}; there is {', '.join(self.commands)}"
            self.error(self.advice.get(given[0], there))
        arguments, left = self.parse_known_args(given)
        if left:
            self.commands[arguments.command].refuse_words(left)
        return arguments

    def refuse_words(self, unknown_words: Sequence[str]) -> NoReturn:
        """Exit with an error that names the first unknown word and the option that may be meant."""
        word = next((word for word in unknown_words if word.startswith("-")), unknown_words[0]).partition("=")[0]
        known = [option for option in self._option_string_actions if option.startswith("--")]
        near = [option for option in known if option.startswith(word)] or get_close_matches(word, known)
        if not word.startswith("-"):
            self.error(f"{word!r} is one word too many")
        if answer := self.advice.get(re.split("[-_]", word.lstrip("-").lower())[0]):
            self.error(f"there is no option {word}: {answer}")
        self.error(f"there is no option {word}; there is {', '.join(near or known)}")
