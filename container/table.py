"""The columns of one channel: their names and order, and what is subtracted from those that float32 would blur."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from container.codecs.blocks import Block, Doubles, Guide, Sparse
from container.columns import Header, Reference, arrange, count_index, counts_up, show_names
from container.errors import DecodeError

Say = Callable[[str], None]

BLURRED = 2.0**13  # times its spread that a column must be large to be shifted: float32 leaves a spread of 10 bits
_WHOLE = 2.0**23  # up to here float32 tells halves
_FEWEST_ROWS = 10  # from which on to count up is no chance


class Table:
    """What is known of the columns of the channel `name`.

    Rows come in the order of `header`, None where the data has no names, less `shift` (d,), which is subtracted from
    the features in float64 before they are rounded to float32; None where nothing is. A table that is `like` another
    has its columns in the order of that one, and the same shift; else `expected` says what names there must be, or the
    first file does, and a shift is looked for where it is `centred`. `say` and `warn` are each told a thing once.
    """

    def __init__(
        self, name: str, say: Say, warn: Say, like: "Table | None" = None, expected: Reference | None = None
    ) -> None:
        self.name = name
        self.header: Header | None = None
        self.centred = self.seen = False
        self._like = like
        self._expected = expected
        self._say, self._warn = say, warn
        self._said: set[str] = set()
        self._decoded: Header | None = None
        self._subtracted: Doubles | None = None
        self._adopted: tuple[NDArray[np.int64] | None, Doubles | None] | None = None

    @property
    def shift(self) -> Doubles | None:
        """What is subtracted from the features, (d,)."""
        if self._adopted is not None:
            return self._adopted[1]
        return self._subtracted if self._like is None else self._like.shift

    @property
    def reference(self) -> Reference | None:
        """The names that the next file must have."""
        if self._expected is not None:
            return self._expected
        if self._like is not None and self._like.header is not None:
            return Reference(self._like.header, f"the channel {self._like.name!r}")
        return Reference(self._decoded, "the files before") if self._decoded is not None else None

    def guide(self, place: str) -> Guide:
        """Give what a decoder is to ask about the file at `place`."""
        return Guide(
            arrange=lambda names: self._arrange(names, place),
            shift=self._choose_shift,
            warn=lambda text: self._tell(self._warn, text, place),
        )

    def see(self, block: Block, declared: bool) -> None:
        """Look at the first block of all for what a person should know; `declared` is whether a header is known of."""
        self.seen = True
        self._compare_names()
        X, y = block
        if isinstance(X, Sparse):
            return
        first = [float(y[0]), *X[0].tolist()] if len(y) else []
        if self.header is None and not declared and len(first) > 2 and counts_up([f"{value:g}" for value in first]):
            self._tell(
                self._warn,
                f"the first row is {first[0]:g}, {first[1]:g}, {first[2]:g} and so on, as pandas numbers columns "
                "without a name. If it is a header, set the content type to text/csv;header=present; as it stands it "
                "is a row",
            )
        self._find_indices(X, y)

    def adopt(self, hosts: Mapping[str, Mapping[str, Any]]) -> None:
        """Give rows as the first of the hosts does that has names, or else rows, given what each has described.

        Raises DecodeError where this host's names are others.
        """
        described = {host: table for host, table in hosts.items() if table}
        named = {host: table for host, table in described.items() if table["names"]}
        first = next(iter(named or described), None)
        if first is None:
            return
        names, order = described[first]["names"], None
        if names is not None:
            if len(named) < len(described):
                self._tell(self._warn, "some hosts have names of columns, some none: they are taken to be in one order")
            header = Header(names[0], tuple(names[1:]))
            if self._decoded is not None:
                reference = Reference(header, f"the host {first!r}")
                found = arrange([self._decoded.label, *self._decoded.features], reference)
                self._describe_order(found.columns, reference)
                self._describe_label(found.header, reference)
                order = np.array(found.columns)
            self.header = header
        alike = (table["shift"] for table in described.values() if table["names"] == names and table["shift"])
        shift = next(alike, None)
        self._adopted = order, None if shift is None else np.array(shift)

    def describe(self) -> dict[str, Any]:
        """Give what other hosts must know, as values of JSON; nothing where there was no row."""
        if not self.seen:
            return {}
        shift = None if self.shift is None else self.shift.tolist()
        names = None if self.header is None else [self.header.label, *self.header.features]
        return {"names": names, "shift": shift}

    def convert(self, block: Block) -> Block:
        """Turn a block as it was decoded into one as it is wanted."""
        X, y = block
        wanted, subtracted = self.shift, self._subtracted
        order = None if self._adopted is None else self._adopted[0]
        if order is not None and not isinstance(X, Sparse) and (order != np.arange(len(order))).any():
            table = np.column_stack([y, X if subtracted is None else X + subtracted])[:, order]
            shift = np.zeros(X.shape[1]) if wanted is None else wanted
            return subtract(table[:, 1:], shift), table[:, 0].astype(np.float32)
        if wanted is None and subtracted is None:
            return X, y
        rest = np.subtract(0.0 if wanted is None else wanted, 0.0 if subtracted is None else subtracted)
        return (subtract(X, rest) if rest.any() else X), y

    def _arrange(self, names: Sequence[str], place: str) -> Sequence[int]:
        index = count_index(names)
        if index:
            first = f"column {names[0]!r} is" if index == 1 else f"{index} columns are"
            self._tell(self._warn, f"the first {first} an index, as pandas writes it without a name, and left out")
        if len(names) - index < 2:
            raise DecodeError(
                f"expected a label and at least one feature, found {show_names(names[index:]) or 'none'}"
                f"{' beside an index' if index else ''}. The label comes first"
            )
        reference = self.reference
        order = arrange(names[index:], reference)
        self._decoded = order.header
        self.header = self.header or order.header
        if reference is not None:
            self._describe_order(order.columns, reference)
            self._describe_label(order.header, reference)
        if order.left_out:
            self._tell(self._say, f"columns that the model does not know are left out: {show_names(order.left_out)}")
        return [index + column for column in order.columns]

    def _describe_order(self, columns: Sequence[int], reference: Reference) -> None:
        if list(columns) != sorted(columns):
            self._tell(self._say, f"its columns are put in the order of {reference.whose} by their names")

    def _describe_label(self, found: Header, reference: Reference) -> None:
        known = reference.header.label
        if known not in ("", found.label):
            self._tell(self._say, f"the label is the column {found.label!r}; that of {reference.whose} is {known!r}")

    def _compare_names(self) -> None:
        whose, known = "", False
        if self._like is not None:
            whose, known = f"the channel {self._like.name!r}", self._like.header is not None
        elif self._expected is not None:
            whose, known = self._expected.whose, True
        if whose and known != (self.header is not None):
            has, lacks = (whose, "it") if known else ("it", whose)
            self._tell(
                self._warn,
                f"{has} has names of columns and {lacks} has none: they are taken to be in the same order",
            )

    def _choose_shift(self, sample: Callable[[], Doubles | None]) -> Doubles | None:
        if self._like is not None:
            self._subtracted = self._like.shift
        elif self.centred:
            self.centred = False
            found = sample()
            self._subtracted = None if found is None else find_shift(found)
        return self._subtracted

    def _find_indices(self, X: Any, y: Any) -> None:
        """Say which columns count the rows."""
        if len(y) < _FEWEST_ROWS:
            return
        names = self.header.features if self.header else ()
        for column in np.flatnonzero(X[1] - X[0] == 1).tolist():
            if (np.diff(X[:, column]) == 1).all():
                name = repr(names[column]) if names else f"{column + 2}"
                self._tell(self._warn, f"column {name} counts the rows, as an index does. If it is one, leave it out")
        if (np.diff(y) == 1).all():
            self._tell(
                self._warn,
                "the label, column 1, counts the rows, as an index does. If it is one, write the data without it "
                "(pandas: index=False) and the label first",
            )

    def _tell(self, tell: Say, text: str, place: str = "") -> None:
        if text not in self._said:
            self._said.add(text)
            tell(f"channel {self.name!r}{f', {place}' if place else ''}: {text}.")


def find_shift(X: Doubles) -> Doubles | None:
    """Choose what to subtract from the features X (n, d), so that float32 keeps their spread: (d,), None if nothing.

    It is a value from the middle of a column that is large beside its spread and that float32 would round.
    """
    size, spread = np.abs(X).max(axis=0, initial=0), X.std(axis=0) * (np.ptp(X, axis=0) > 0)
    with np.errstate(over="ignore"):
        rounded = (X.astype(np.float32) != X).any(axis=0)
    blurred = (rounded & (spread > 0) & (spread * BLURRED < size)) | ((spread == 0) & (size >= _WHOLE))
    return np.where(blurred, np.median(X, axis=0), 0.0) if blurred.any() else None


def subtract(X: Any, shift: Doubles) -> Any:
    """Subtract from each feature of X (n, d) in float64, and round to float32; sparse rows become dense."""
    if isinstance(X, Sparse):
        table = np.zeros((X.shape[0], len(shift)))
        table[np.repeat(np.arange(X.shape[0]), np.diff(X.indptr)), X.indices] = X.data
        X = table
    return (X - shift).astype(np.float32)
