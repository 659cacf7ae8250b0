"""The coefficients of updates as the native library takes them: one formula for every optimizer.

Tests: tests/linear_learner/bank/native/test_dense.py.
"""

from collections.abc import Sequence

import numpy as np

from linear_learner.bank.updating.optimizers import OPTIMIZERS, OptimizerTerms
from linear_learner.bank.updating.schedule import step_sizes
from linear_learner.objective.objective import Objective
from linear_learner.options.candidates import Candidate
from open_algorithms.learning.types.arrays import Float64s, Int64s

OUTSIDE_ROOT = 4  # the row of `constants` that is added to roots


class UpdateTable:
    """The coefficients of M candidates whose gradients are sums over the `batch_size` rows of a mini-batch."""

    def __init__(self, candidates: Sequence[Candidate], objective: Objective, batch_size: int) -> None:
        """Take apart what does not change between updates."""
        self.candidates, self.batch_size = candidates, batch_size
        still, moving = (self.optimizer_terms(rate) for rate in (0, 1))
        self.still = still
        self.add_first_by_rate, self.rate_by_rate = moving.add_first - still.add_first, moving.rate - still.rate
        self.bias_rate_factors = np.array([c.bias_lr_mult * objective.use_bias for c in candidates])
        # Momentum takes 1 / (1 - momentum) steps along each gradient; the proximal step is as many times as long.
        self.l1_strengths = np.array([c.l1 / batch_size / (1 - c.momentum) for c in candidates])

    def optimizer_terms(self, rate: float) -> OptimizerTerms[Float64s]:
        """Return the optimizers' coefficients at a learning rate, (M,) each."""
        each = [OPTIMIZERS[c.optimizer].terms(rate, vars(c)) for c in self.candidates]
        return OptimizerTerms(*map(np.array, zip(*each, strict=True)))

    def constants(self) -> Float64s:
        """Return what does not change, (7, M): the shares kept and added of the moments, roots, and decays.

        They are keep_first, keep_second, add_second, inside_root, outside_root, and the decay of weights and of biases.
        """
        still, decay = self.still, np.array([c.wd for c in self.candidates]) * self.batch_size
        bias_decay = decay * [c.bias_wd_mult for c in self.candidates]
        second = still.add_second / self.batch_size**2
        roots = still.inside_root, still.outside_root
        return np.stack([still.keep_first, still.keep_second, second, *roots, decay, bias_decay])

    def steps(self, updates: Int64s) -> Float64s:
        """Return what does, for updates number t (T,), (T, 6, M).

        They are add_first and rate, the same of the biases, the reach of L1, and the weight of the newest iterate in
        the running average.
        """
        sizes = step_sizes(self.candidates, updates)
        rates = sizes["rates"], sizes["rates"] * self.bias_rate_factors
        rows = []
        for rate in rates:
            rows.append((self.still.add_first + self.add_first_by_rate * rate) / self.batch_size)
            rows.append(self.still.rate + self.rate_by_rate * rate)
        return np.stack([*rows, sizes["proximal_rates"] * self.l1_strengths, sizes["shares"]], axis=1)
