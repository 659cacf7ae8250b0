"""What is used of MXNet's arrays and symbols, which it does not type itself."""

import ctypes
from typing import Any, Protocol

from open_algorithms.learning.types.arrays import Float32s

Operators = Any  # mx.nd or mx.sym, whose functions are generated as they are called


class Expression(Protocol):
    """An array, or a symbol that stands for one: what operators take and return."""

    def __add__(self, other: "Expression | float", /) -> "Expression":
        """Return the sum."""

    def __sub__(self, other: "Expression | float", /) -> "Expression":
        """Return the difference."""

    def __rsub__(self, other: float, /) -> "Expression":
        """Return the difference, from a number."""

    def __mul__(self, other: "Expression | float", /) -> "Expression":
        """Return the product."""

    def __rmul__(self, other: float, /) -> "Expression":
        """Return the product, of a number."""

    def __truediv__(self, other: "Expression | float", /) -> "Expression":
        """Return the quotient."""

    def __gt__(self, other: float, /) -> "Expression":
        """Return 1 where it is greater than a number, else 0."""

    def __lt__(self, other: float, /) -> "Expression":
        """Return 1 where it is less than a number, else 0."""


class Symbol(Expression, Protocol):
    """An expression in a graph that is compiled."""

    def attr(self, key: str) -> str:
        """Return an attribute of the operator."""


class Array(Expression, Protocol):
    """An array of float32, which operators that are still to run may write."""

    shape: tuple[int, ...]
    size: int
    handle: ctypes.c_void_p

    def __getitem__(self, key: slice) -> "Array":
        """Return a view of some rows."""

    def __setitem__(self, key: slice, value: "Array | float") -> None:
        """Write some rows."""

    def copy(self) -> "Array":
        """Return a copy."""

    def copyto(self, other: "Array") -> None:
        """Copy into an array of the same shape."""

    def wait_to_read(self) -> None:
        """Wait until all operators that write it are done."""

    def asnumpy(self) -> Float32s:
        """Wait, and return a copy in numpy."""
