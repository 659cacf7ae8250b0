"""The largest eigenvalues of a symmetric matrix that is only known by its products with a few vectors at a time.

Block Lanczos with thick restarts (Wu and Simon, 2000) and full orthogonalisation: a basis grows by the block of new
directions that each product leads to, and is cut back to the best vectors in it once it is full.
"""

import numpy as np

from open_algorithms.learning.types.arrays import Float64s

KEPT_SHARE = 3  # of a full basis one part of so many is kept
SHORT = 1e-7  # of the longest direction in which a product leaves the basis: shorter ones are not followed
NOTHING = 1e-13  # of the largest eigenvalue: what is less is left of rounding
SMALL = 1e-6  # of the largest eigenvalue: what is less is not as exact as others, compared to its size


def decompose_columns(vectors: Float64s) -> tuple[Float64s, Float64s]:
    """Return the singular values of vectors (d, b), the largest first, and their right singular vectors, (b, b).

    They come from the products of the vectors with each other, so that those below SHORT of the largest are not exact.
    """
    squares, directions = np.linalg.eigh(vectors.T @ vectors)
    return np.sqrt(np.maximum(squares[::-1], 0)), np.ascontiguousarray(directions[:, ::-1])


class Krylov:
    """The search for the first `count` eigenvectors of a positive semi-definite matrix (d, d).

    `block` (d, b) are the orthonormal vectors that the next product is asked of; none, b = 0, where all is found.
    """

    def __init__(self, start: Float64s, product: Float64s, count: int, basis_size: int) -> None:
        """Begin with independent vectors (d, b), b >= count, and their products with the matrix, (d, b).

        The basis has up to `basis_size` >= count + b vectors.
        """
        features, width = start.shape
        self.count, self.size = count, min(basis_size, features)
        self.basis = np.empty((self.size + width, features))
        self.projected = np.zeros((self.size + width, self.size + width))
        self.known = 0  # vectors of the basis whose products are known
        self.block, R = np.linalg.qr(start)
        self.coupling = np.zeros((0, 0))  # (b, known): what the basis' products have of the block
        self.add_product(np.linalg.solve(R.T, product.T).T)

    def add_product(self, product: Float64s) -> None:
        """Take in the product (d, b) of the matrix with `block`, and choose the next block."""
        first, last = self.known, self.known + self.block.shape[1]
        self.basis[first:last] = self.block.T
        basis = self.basis[:last]
        weights = basis @ product
        rest = product - basis.T @ weights
        again = basis @ rest  # rounding has left some of it
        rest -= basis.T @ again
        weights += again
        own = weights[first:]
        self.projected[:first, first:last], self.projected[first:last, :first] = weights[:first], weights[:first].T
        self.projected[first:last, first:last] = (own + own.T) / 2
        self.known = last
        self.block = self.find_directions(rest)
        self.coupling = np.zeros((self.block.shape[1], last))
        self.coupling[:, first:] = self.block.T @ rest
        if last + self.block.shape[1] > self.size:
            self.cut_basis()

    def find_directions(self, rest: Float64s) -> Float64s:
        """Return orthonormal vectors (d, r) of what a product has beyond the basis, the longest first."""
        lengths, directions = decompose_columns(rest)
        floor = max(NOTHING * np.abs(self.projected).max(), SHORT * lengths[0])
        used = min(int((lengths > floor).sum()), len(rest) - self.known)
        block = rest @ (directions[:, :used] / lengths[:used])
        basis = self.basis[: self.known]
        block -= basis.T @ (basis @ block)
        lengths, directions = decompose_columns(block)  # once more: the first time has lost the digits of short ones
        return block @ (directions / lengths)

    def solve_projected(self) -> tuple[Float64s, Float64s]:
        """Return the eigenvalues (m,) within the basis, the largest first, and their coordinates in it, (m, m)."""
        values, vectors = np.linalg.eigh(self.projected[: self.known, : self.known])
        return values[::-1], np.ascontiguousarray(vectors[:, ::-1])

    def cut_basis(self) -> None:
        """Keep the best vectors of the basis."""
        values, vectors = self.solve_projected()
        kept = min(max(self.count, self.size // KEPT_SHARE), self.size - self.block.shape[1])
        self.coupling = self.coupling @ vectors[:, :kept]
        self.basis[:kept] = vectors[:, :kept].T @ self.basis[: self.known]
        self.projected[:] = 0
        self.projected[:kept, :kept] = np.diag(values[:kept])
        self.known = kept

    def measure_residual(self) -> float:
        """Return the most that the product of one of the first `count` vectors has beyond its direction.

        That is a part of its eigenvalue, or of a millionth of the largest one where this is more.
        """
        values, vectors = self.solve_projected()
        lengths = np.linalg.norm(self.coupling @ vectors[:, : self.count], axis=0)
        floors = np.maximum(values[: self.count], SMALL * values[0])
        return float((lengths / np.where(floors > 0, floors, 1)).max())

    def find_eigenvectors(self) -> tuple[Float64s, Float64s]:
        """Return the first `count` eigenvalues, and eigenvectors (d, count)."""
        values, vectors = self.solve_projected()
        return values[: self.count], self.basis[: self.known].T @ vectors[:, : self.count]
