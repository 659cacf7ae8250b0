"""The columns of one channel: names, order, and the shift that keeps large values apart in float32."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from container.contract.errors import DecodeError
from container.rows.blocks import Block, Doubles, Guide, Sparse
from container.rows.columns import Header, Reference, arrange, find_index, show_names
from container.rows.oddities import find_oddities
from container.rows.offsets import find_shift, shift_columns, subtract

Say = Callable[[str], None]


class Table:
    """The names, order and shift of the columns of channel `name`.

    Rows are converted to the order of `names` (None if the data has no names), minus `shift` (d,), which is subtracted
    in float64 before rounding to float32 (None if nothing is). With `like`, order and shift are those of another
    channel's columns. Otherwise `expected` gives the names, or the first file does, and if `may_shift` is set a shift
    is chosen from the first rows, for all columns or for `blurred_columns`. `label_column` is the position of the label
    in the first file, from 0. `info` and `warn` receive each message once.
    """

    def __init__(
        self, name: str, say: Say, warn: Say, like: "Table | None" = None, expected: Reference | None = None
    ) -> None:
        self.name = name
        self.header: Header | None = None
        self.centred = self.seen = False
        self.blurred: Collection[int] | None = None
        self.label_column = 0
        self._like = like
        self._expected = expected
        self._say, self._warn = say, warn
        self._said: set[str] = set()
        self._decoded: Header | None = None
        self._subtracted: Doubles | None = None
        self._adopted: tuple[NDArray[np.int64] | None, Doubles | None] | None = None

    @property
    def shift(self) -> Doubles | None:
        """What is subtracted from the features, (d,); None for nothing."""
        if self._adopted is not None:
            return self._adopted[1]
        return self._subtracted if self._like is None else self._like.shift

    @property
    def reference(self) -> Reference | None:
        """The names that the next file must have; None for any."""
        if self._expected is not None:
            return self._expected
        if self._like is not None and self._like.header is not None:
            return Reference(self._like.header, f"the channel {self._like.name!r}")
        return Reference(self._decoded, "the files before") if self._decoded is not None else None

    def guide(self, place: str) -> Guide:
        """Return the decoder options for the file or stream `source_name`."""
        return Guide(
            arrange=lambda names: self._arrange(names, place),
            shift=self._choose_shift,
            warn=lambda text: self._tell(self._warn, text, place),
        )

    def see(self, block: Block, declared: bool) -> None:
        """Warn of oddities in the first block; `header_is_declared` tells if the content type speaks of a header."""
        self.seen = True
        self._compare_names()
        X, y = block
        if not isinstance(X, Sparse):
            X = X if self._subtracted is None or len(self._subtracted) != X.shape[1] else X + self._subtracted
            for oddity in find_oddities(X, y, self.header.features if self.header else (), not declared):
                self._tell(self._warn, oddity)

    def adopt(self, hosts: Mapping[str, Mapping[str, Any]]) -> None:
        """Convert rows as the first host does that has names, or else rows, given each host's `columns_as_json`.

        Raises DecodeError if this host's names differ from that host's.
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
        """Return names and shift as JSON values for the other hosts; empty if this host has no rows."""
        if not self.seen:
            return {}
        shift = None if self.shift is None else self.shift.tolist()
        names = None if self.header is None else [self.header.label, *self.header.features]
        return {"names": names, "shift": shift}

    def convert(self, block: Block) -> Block:
        """Convert a decoded block to the agreed order and shift."""
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
        reference = self.reference
        known = () if reference is None else (reference.header.label, *reference.header.features)
        index = [i for i in find_index(names) if not names[i] or names[i] not in known]
        left = [i for i in range(len(names)) if i not in index]
        if index:
            shown = show_names([names[i] for i in index])
            which = f"column {shown} is" if len(index) == 1 else f"columns {shown} are"
            self._tell(self._warn, f"the {which} an index, as pandas writes one without a name, and left out")
        if len(left) < 2:
            raise DecodeError(
                f"expected a label and at least one feature, found {show_names([names[i] for i in left]) or 'none'}"
                f"{' beside an index' if index else ''}. The label comes first"
            )
        order = arrange([names[i] for i in left], reference)
        self._decoded = self._decoded or order.header
        if self.header is None:
            self.header, self.label_column = order.header, left[order.columns[0]]
        if reference is not None:
            self._describe_order(order.columns, reference)
            self._describe_label(order.header, reference)
        if order.left_out:
            self._tell(self._say, f"columns that the model does not know are left out: {show_names(order.left_out)}")
        return [left[column] for column in order.columns]

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
        elif self.centred and (found := sample()) is not None:
            self.centred = False
            self._subtracted = find_shift(found) if self.blurred is None else shift_columns(found, self.blurred)
        return self._subtracted

    def _tell(self, tell: Say, text: str, place: str = "") -> None:
        if text not in self._said:
            self._said.add(text)
            tell(f"channel {self.name!r}{f', {place}' if place else ''}: {text}.")
