"""The columns of one channel: names, order, and the shift that keeps large values apart in float32.

Tests: tests/container/channels/test_channel.py, tests/contract/test_columns.py.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from container.contract.errors import DecodeError
from container.rows.blocks import Block, DecodeOptions, Doubles
from container.rows.columns import ColumnNames, ExpectedColumns, arrange_columns, find_index_columns, show_names
from container.rows.notices import LineCallback, Notices
from container.rows.oddities import find_oddities
from container.rows.offsets import find_shift, median_shift, subtract_shift
from open_algorithms.learning.rows.csr import Csr


class ChannelColumns:
    """The names, order and shift of the columns of channel `name`.

    Rows are converted to the order of `names` (None if the data has no names), minus `shift` (d,), which is subtracted
    in float64 before rounding to float32 (None if nothing is). With `like`, order and shift are those of another
    channel's columns. Otherwise `expected` gives the names, or the first file does, and if `may_shift` is set a shift
    is chosen from the first rows, for all columns or for `blurred_columns`. `label_column` is the position of the label
    in the first file, from 0. `notices` receive each message once.
    """

    def __init__(
        self,
        name: str,
        notices: Notices,
        like: "ChannelColumns | None" = None,
        expected: ExpectedColumns | None = None,
    ) -> None:
        self.name = name
        self.names: ColumnNames | None = None
        self.may_shift = self.has_rows = False
        self.blurred_columns: Collection[int] | None = None
        self.labelled = True
        self.label_column = 0
        self._like = like
        self._expected = expected
        self._info, self._warn = notices.info, notices.warn
        self._logged: set[str] = set()
        self._decoded_names: ColumnNames | None = None
        self._subtracted_shift: Doubles | None = None
        self._agreed_alignment: tuple[NDArray[np.int64] | None, Doubles | None] | None = None

    @property
    def shift(self) -> Doubles | None:
        """What is subtracted from the features, (d,); None for nothing."""
        if self._agreed_alignment is not None:
            return self._agreed_alignment[1]
        return self._subtracted_shift if self._like is None else self._like.shift

    @property
    def expected_columns(self) -> ExpectedColumns | None:
        """The names that the next file must have; None for any."""
        if self._expected is not None:
            return self._expected
        if self._like is not None and self._like.names is not None:
            return ExpectedColumns(self._like.names, f"the channel {self._like.name!r}")
        return ExpectedColumns(self._decoded_names, "the files before") if self._decoded_names is not None else None

    def decode_options(self, source_name: str) -> DecodeOptions:
        """Return the decoder options for the file or stream `source_name`."""
        return DecodeOptions(
            arrange_columns=lambda names: self._arrange_columns(names, source_name),
            choose_shift=self._choose_shift,
            warn=lambda text: self._report_once(self._warn, text, source_name),
            labelled=self.labelled,
        )

    def inspect_first_block(self, block: Block, may_have_header: bool) -> None:
        """Warn of oddities in the first block; `may_have_header` tells that the first row may be one."""
        self.has_rows = True
        self._warn_of_missing_names()
        X, y = block
        if not isinstance(X, Csr):
            X = (
                X
                if self._subtracted_shift is None or len(self._subtracted_shift) != X.shape[1]
                else X + self._subtracted_shift
            )
            for oddity in find_oddities(X, y, self.names.features if self.names else (), may_have_header):
                self._report_once(self._warn, oddity)

    def align_with_hosts(self, descriptions: Mapping[str, Mapping[str, Any]]) -> None:
        """Convert rows as the first host does that has names, or else rows, given each host's `columns_as_json`.

        Raises DecodeError if this host's names differ from that host's.
        """
        described = {host: table for host, table in descriptions.items() if table}
        named = {host: table for host, table in described.items() if table["names"]}
        first = next(iter(named or described), None)
        if first is None:
            return
        names, order = described[first]["names"], None
        if names is not None:
            if len(named) < len(described):
                self._report_once(
                    self._warn, "some hosts have names of columns, some none: they are taken to be in one order"
                )
            header = ColumnNames(names[0], tuple(names[1:]))
            if self._decoded_names is not None:
                reference = ExpectedColumns(header, f"the host {first!r}")
                found = arrange_columns([self._decoded_names.label, *self._decoded_names.features], reference)
                self._report_order(found.columns, reference)
                self._report_label(found.names, reference)
                order = np.array(found.columns)
            self.names = header
        alike = (table["shift"] for table in described.values() if table["names"] == names and table["shift"])
        shift = next(alike, None)
        self._agreed_alignment = order, None if shift is None else np.array(shift)

    def columns_as_json(self) -> dict[str, Any]:
        """Return names and shift as JSON values for the other hosts; empty if this host has no rows."""
        if not self.has_rows:
            return {}
        shift = None if self.shift is None else self.shift.tolist()
        names = None if self.names is None else [self.names.label, *self.names.features]
        return {"names": names, "shift": shift}

    def align_block(self, block: Block) -> Block:
        """Convert a decoded block to the agreed order and shift."""
        X, y = block
        wanted, subtracted = self.shift, self._subtracted_shift
        order = None if self._agreed_alignment is None else self._agreed_alignment[0]
        if order is not None and not isinstance(X, Csr) and (order != np.arange(len(order))).any():
            label = y if self.labelled else np.zeros(len(y), np.float32)
            table = np.column_stack([label, X if subtracted is None else X + subtracted])[:, order]
            shift = np.zeros(X.shape[1]) if wanted is None else wanted
            return subtract_shift(table[:, 1:], shift), table[:, 0].astype(np.float32) if self.labelled else y
        if wanted is None and subtracted is None:
            return X, y
        rest = np.subtract(0.0 if wanted is None else wanted, 0.0 if subtracted is None else subtracted)
        return (subtract_shift(X, rest) if rest.any() else X), y

    def _arrange_columns(self, names: Sequence[str], source_name: str) -> Sequence[int]:
        reference = self.expected_columns
        known = () if reference is None else (reference.names.label, *reference.names.features)
        index = [i for i in find_index_columns(names) if not names[i] or names[i] not in known]
        left = [i for i in range(len(names)) if i not in index]
        if index:
            shown = show_names([names[i] for i in index])
            which = f"column {shown} is" if len(index) == 1 else f"columns {shown} are"
            self._report_once(self._warn, f"the {which} an index, as pandas writes one without a name, and left out")
        if len(left) < 1 + self.labelled:
            expected, advice = ("a label and ", ". The label comes first") if self.labelled else ("", "")
            raise DecodeError(
                f"expected {expected}at least one feature, found {show_names([names[i] for i in left]) or 'none'}"
                f"{' beside an index' if index else ''}{advice}"
            )
        if not self.labelled:
            return self._arrange_features(names, left, reference)
        order = arrange_columns([names[i] for i in left], reference)
        self._decoded_names = self._decoded_names or order.names
        if self.names is None:
            self.names, self.label_column = order.names, left[order.columns[0]]
        if reference is not None:
            self._report_order(order.columns, reference)
            self._report_label(order.names, reference)
        if order.left_out:
            self._report_once(
                self._info, f"columns that the model does not know are left out: {show_names(order.left_out)}"
            )
        return [left[column] for column in order.columns]

    def _arrange_features(
        self, names: Sequence[str], places: Sequence[int], reference: ExpectedColumns | None
    ) -> Sequence[int]:
        """Order the columns at these places of a table without labels, as if a label without a name came first."""
        order = arrange_columns(["", *(names[i] for i in places)], reference)
        self._decoded_names = self._decoded_names or order.names
        self.names = self.names or order.names
        if reference is not None:
            self._report_order(order.columns, reference)
        return [places[column - 1] for column in order.columns[1:]]

    def _report_order(self, columns: Sequence[int], expected: ExpectedColumns) -> None:
        if list(columns) != sorted(columns):
            self._report_once(self._info, f"its columns are put in the order of {expected.owner} by their names")

    def _report_label(self, found: ColumnNames, expected: ExpectedColumns) -> None:
        known = expected.names.label
        if known not in ("", found.label):
            self._report_once(
                self._info, f"the label is the column {found.label!r}; that of {expected.owner} is {known!r}"
            )

    def _warn_of_missing_names(self) -> None:
        whose, known = "", False
        if self._like is not None:
            whose, known = f"the channel {self._like.name!r}", self._like.names is not None
        elif self._expected is not None:
            whose, known = self._expected.owner, True
        if whose and known != (self.names is not None):
            has, lacks = (whose, "it") if known else ("it", whose)
            self._report_once(
                self._warn,
                f"{has} has names of columns and {lacks} has none: they are taken to be in the same order",
            )

    def _choose_shift(self, sample: Callable[[], Doubles | None]) -> Doubles | None:
        if self._like is not None:
            self._subtracted_shift = self._like.shift
        elif self.may_shift and (found := sample()) is not None:
            self.may_shift = False
            self._subtracted_shift = (
                find_shift(found) if self.blurred_columns is None else median_shift(found, self.blurred_columns)
            )
        return self._subtracted_shift

    def _report_once(self, callback: LineCallback, text: str, source_name: str = "") -> None:
        if text not in self._logged:
            self._logged.add(text)
            callback(f"channel {self.name!r}{f', {source_name}' if source_name else ''}: {text}.")
