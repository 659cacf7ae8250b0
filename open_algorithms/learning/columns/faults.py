"""The error of a column whose values are not what they should be.

Tests: tests/learning/columns/test_infer.py.
"""


class ColumnFault(ValueError):
    """A fault of a column, or of the whole table without one: the problem, the text that was found, and what to do.

    `row` counts from 0 within the rows at hand, None where it is not known.
    """

    def __init__(
        self, problem: str, column: str | None = None, text: str | None = None, advice: str = "", row: int | None = None
    ) -> None:
        super().__init__(problem)
        self.problem, self.column, self.text, self.advice, self.row = problem, column, text, advice, row

    @property
    def sentence(self) -> str:
        """The problem, what was found, and what to do, without the place."""
        found = f", found {self.text[:80]!r}" if self.text is not None else ""
        return f"{self.problem}{found}{f'. {self.advice}' if self.advice else ''}"

    def __str__(self) -> str:
        return f"column {self.column!r}: {self.sentence}" if self.column else self.sentence
