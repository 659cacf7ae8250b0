"""The bank written by hand in torch, in place and without autograd, as somebody would who wants it fast."""

from functools import partial

import numpy as np
import torch
from torch.nn.functional import softplus

from benchmarks.measure import shortest_times
from benchmarks.problems import LEAST_SECONDS, draw_rows
from linear_learner.bank.updating.optimizers import EPSILON
from linear_learner.bank.updating.schedule import step_sizes
from linear_learner.options.candidates import Candidate
from open_algorithms.learning.rows.dense import batch_table, epoch_order


def epoch_seconds(
    rows: int, features: int, batch: int, classes: int, banks: dict[str, list[Candidate]], threads: int, repeats: int
) -> dict[str, float]:
    """Time an epoch of each bank of Adam and SGD, Adam first; return the shortest seconds."""
    torch.set_num_threads(threads)
    torch.set_grad_enabled(False)
    drawn, labels = draw_rows(rows, features, classes)
    X, y = torch.ones(rows + 1, features + 1), torch.zeros(rows + 1, 1)
    X[:-1, :-1], y[:-1, 0] = torch.from_numpy(drawn), torch.from_numpy(labels)
    X[-1] = 0  # fills up the last mini-batch
    kept = torch.ones_like(y)
    kept[-1] = 0
    table = torch.from_numpy(batch_table(epoch_order(rows, np.random.default_rng(0)), batch))
    trained = {name: TorchBank(settings, features, batch, classes, len(table)) for name, settings in banks.items()}
    return shortest_times(
        {name: partial(bank.train_epoch, X, y, kept, table) for name, bank in trained.items()},
        repeats,
        LEAST_SECONDS,
    )


class TorchBank:
    """Candidates of Adam and of SGD with momentum, each kind a slice of the weights (M * K, d + 1)."""

    def __init__(self, settings: list[Candidate], features: int, batch: int, classes: int, steps: int) -> None:
        self.settings = sorted(settings, key=lambda c: (c.optimizer, c.l1 > 0))
        self.models, self.outputs, self.batch = len(settings), 1 if classes == 2 else classes, batch
        self.W = torch.rand(self.models * self.outputs, features + 1).mul_(0.14).sub_(0.07)
        self.average = self.W.clone()
        self.averages = any(c.average for c in settings)
        self.velocity, self.second = torch.zeros_like(self.W), torch.zeros_like(self.W)
        self.adams = self.outputs * sum(c.optimizer == "adam" for c in settings)
        self.plain = self.models * self.outputs - self.outputs * sum(c.l1 > 0 for c in settings)
        self.decay = self.per_output(np.array([c.wd for c in self.settings])).expand_as(self.W).clone()
        self.decay[:, -1] = 0
        self.speed = torch.ones_like(self.W)
        self.speed[:, -1] = self.settings[0].bias_lr_mult
        self.reach = self.per_output(np.array([c.l1 / batch / (1 - c.momentum) for c in self.settings]))
        self.steps = {
            name: self.per_output(values)
            for name, values in step_sizes(self.settings, np.arange(steps, dtype=np.int64) + 1).items()
        }

    def per_output(self, values: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> torch.Tensor:
        """Repeat values (..., M) for each output, (..., M * K, 1)."""
        return torch.from_numpy(np.repeat(values, self.outputs, axis=-1).astype(np.float32)[..., None])

    def train_epoch(
        self, features: torch.Tensor, labels: torch.Tensor, kept: torch.Tensor, table: torch.Tensor
    ) -> None:
        """Train for an epoch."""
        W, a, b, momentum = self.W, self.adams, self.plain, self.settings[-1].momentum
        lost = torch.zeros(1, self.models)
        for i, chosen in enumerate(table):
            X = features.index_select(0, chosen)
            y, weight = labels.index_select(0, chosen), kept.index_select(0, chosen)
            z = X @ W.T
            slope, loss = self.logistic_slope(z, y) if self.outputs == 1 else self.softmax_slope(z, y)
            lost.addmm_(weight.T, loss)
            gradient = (self.decay * W).addmm_(slope.T, X, alpha=1 / self.batch)
            rate = self.steps["rates"][i] * self.speed
            first, second = self.velocity[:a], self.second[:a]
            first.lerp_(gradient[:a], 0.1)
            second.mul_(0.999).addcmul_(gradient[:a], gradient[:a], value=0.001)
            W[:a].addcdiv_(first * rate[:a], second.sqrt().add_(EPSILON), value=-1)
            if a < len(W):
                self.velocity[a:].mul_(momentum).addcmul_(rate[a:], gradient[a:], value=-1)
                W[a:].add_(self.velocity[a:])
            if b < len(W):
                reach = self.reach[b:] * rate[b:]
                reach[:, -1] = 0
                W[b:].sub_(torch.clamp(W[b:], -reach, reach))
            if self.averages:
                self.average.lerp_(W, self.steps["shares"][i])

    def logistic_slope(self, z: torch.Tensor, y: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return gradient and loss of binary labels."""
        return torch.sigmoid(z).sub_(y), softplus(z).addcmul_(y, z, value=-1)

    def softmax_slope(self, z: torch.Tensor, y: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return gradient (n, M * K) and loss (n, M) of classes."""
        logarithms = torch.log_softmax(z.view(-1, self.models, self.outputs), dim=2)
        classes = y.long().expand(-1, self.models)[:, :, None]
        loss = logarithms.gather(2, classes).neg_()[:, :, 0]
        slope = logarithms.exp_().scatter_add_(2, classes, torch.full(classes.shape, -1.0))
        return slope.view(z.shape), loss
