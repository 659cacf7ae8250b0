"""First and second moments of rows, and what they make of sums of products of rows as stored.

Rows are stored as x - c, c being the means of the first of them, or 0.
"""

from dataclasses import dataclass

import numpy as np

from open_algorithms.learning.types.arrays import Float64s
from open_algorithms.pca.sums.totals import ColumnTotals

ROUNDING = 2.0**-40  # of a sum of squares: what is less, once the mean is taken out, is left of rounding


@dataclass(frozen=True)
class Moments:
    """The moments of n rows.

    `mean` (d,) is that of rows, `stored_mean` (d,) that of rows as they are stored. `spread` (d,) sums the squared
    distances of each feature from its mean. Components are about the mean where `is_centred`, about 0 elsewhere.
    """

    rows: float
    mean: Float64s
    stored_mean: Float64s
    spread: Float64s
    is_centred: bool

    @classmethod
    def from_totals(cls, totals: ColumnTotals, shift: Float64s, *, is_centred: bool) -> "Moments":
        """Return the moments of rows that are stored less `shift` (d,); a spread that may be rounding alone is 0."""
        stored_mean = totals.sums / totals.rows
        spread = totals.squares - totals.sums * stored_mean
        spread = np.where(spread > ROUNDING * totals.squares, spread, 0.0)
        return cls(totals.rows, stored_mean + shift, stored_mean, spread, is_centred)

    @property
    def squares(self) -> Float64s:
        """The sum of squares of each feature about its center, (d,)."""
        return self.spread if self.is_centred else np.asarray(self.spread + self.rows * self.mean**2)

    @property
    def center(self) -> Float64s:
        """What is subtracted from rows before they are projected, (d,)."""
        return self.mean if self.is_centred else np.zeros_like(self.mean)

    @property
    def deviations(self) -> Float64s:
        """The standard deviation of each feature, (d,), over these rows; 1 where it does not vary."""
        return np.asarray(np.sqrt(np.where(self.spread > 0, self.spread / self.rows, 1.0)))

    def center_products(self, products: Float64s, V: Float64s) -> Float64s:
        """Return Z'(Z V) for rows about their center Z, (d, k), given X'(X V) of rows X as they are stored."""
        centred = products - np.outer(self.rows * self.stored_mean, self.stored_mean @ V)
        if not self.is_centred:
            centred += np.outer(self.rows * self.mean, self.mean @ V)
        return centred

    def center_gram(self, products: Float64s) -> Float64s:
        """Return Z'Z for rows about their center Z, (d, d), given X'X of rows X as they are stored.

        Rows and columns of features that do not vary are exactly 0.
        """
        centred = products - np.outer(self.rows * self.stored_mean, self.stored_mean)
        constant = self.spread == 0
        centred[constant], centred[:, constant] = 0, 0
        if not self.is_centred:
            centred += np.outer(self.rows * self.mean, self.mean)
        return centred
