"""The bank: all candidates as the rows of one weight matrix, trained by one compiled step on MXNet operators."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linear_learner.batches import Rows, batch_table
from linear_learner.budget import LARGEST_TENSOR, scored_rows
from linear_learner.candidates import Candidate
from linear_learner.compiled import CompiledStep, ndarray, weight_gradient
from linear_learner.engine import mx
from linear_learner.losses import LOSSES, Loss
from linear_learner.optimizers import OPTIMIZERS
from linear_learner.schedule import step_sizes
from linear_learner.weighting import row_weights

Floats = NDArray[Any]
Heed = Callable[[], None]
RUN = 4096  # updates, at most, whose learning rates are laid out at once
RUN_COST = 25e9  # of a run, in operations of a product: about half a second on two cores
PASSES = 500  # operations of a product that all else costs, for each margin and for each weight


def unheeding() -> None:
    """Heed nothing."""


class Bank:
    """M candidates of K outputs each, trained together.

    The weights are one matrix (M * K, d + 1) whose last column is the bias. Candidates with the same optimizer and
    constants lie side by side, so that each update is one operator over a slice; every result comes back in the
    caller's order.
    """

    def __init__(
        self,
        candidates: Sequence[Candidate],
        start: Floats,
        loss: str,
        batch_size: int,
        *,
        loss_parameter: float = 0.0,
        class_weights: Floats | None = None,
        objective_weights: Floats | None = None,
        use_bias: bool = True,
    ) -> None:
        """Place the candidates, with `start` (M, K, d + 1) as their first weights.

        `class_weights` (M, C) multiply the loss that each model minimises, `objective_weights` (C,) the one that
        `evaluate` reports.
        """
        self.models, self.outputs, width = start.shape
        self.order = sorted(range(len(candidates)), key=lambda m: kernel(candidates[m]))
        self.candidates = [candidates[m] for m in self.order]
        self.batch_size = batch_size
        self.loss: Loss = LOSSES[loss]
        self.loss_parameter = loss_parameter
        self.objective_weights = objective_weights
        self.updates = 0
        rows = self.models * self.outputs
        self.weights = ndarray(start[self.order].reshape(rows, width))
        self.averages = self.weights.copy() if any(c.average for c in candidates) else self.weights
        self.lost = mx.nd.zeros((1, self.models))
        bias = np.arange(width) == width - 1
        self.constants = {
            "decay": self.per_weight([c.wd * np.where(bias, c.bias_wd_mult, 1) for c in self.candidates]),
            "speed": self.per_weight([np.where(bias, c.bias_lr_mult * use_bias, 1) for c in self.candidates]),
        }
        if any(c.l1 for c in self.candidates):
            # Momentum takes 1 / (1 - momentum) steps along each gradient; the proximal step is as many times as long.
            reach = [c.l1 / batch_size / (1 - c.momentum) for c in self.candidates]
            self.constants["shrink"] = self.per_weight([r * ~bias for r in reach])
        if class_weights is not None:
            self.constants["class_weights"] = ndarray(class_weights[self.order].T.astype(np.float32))
        self.states: dict[str, Any] = {}
        self.step = self.compile(width)

    def per_weight(self, values: list[Floats]) -> Any:
        """Repeat one row (d + 1,) per model for each of its outputs."""
        return ndarray(np.repeat(np.array(values, np.float32), self.outputs, axis=0))

    def compile(self, width: int) -> Any:
        """Build the step: gather, product, loss and gradient, product back, update."""
        S = mx.sym
        names = ["features", "labels", "weights", "batch", "W", "lost"]
        features, labels, weights, batch, W, lost = map(S.Variable, names)

        def per_model(name: str) -> Any:
            """Repeat an input (M, 1) for each output, (M * K, 1)."""
            return S.repeat(S.Variable(name), repeats=self.outputs, axis=0) if self.outputs > 1 else S.Variable(name)

        decay, speed, shrink = map(S.Variable, ("decay", "speed", "shrink"))
        X = S.take(features, batch, mode="clip")
        y, weight = S.take(labels, batch, mode="clip"), S.take(weights, batch, mode="clip")
        z = S.FullyConnected(X, W, num_hidden=self.models * self.outputs, no_bias=True)
        # Written out once, labels need no broadcasting in the loss, which is slow; small sums are quicker by
        # broadcast_add than by elemwise_add, which asks oneDNN.
        labelled = S.repeat(y, repeats=self.models, axis=1) if self.outputs == 1 else y
        value, slope = self.loss.graph(S, z, labelled, self.models, self.outputs, self.loss_parameter)
        if "class_weights" in self.constants:
            classes = self.constants["class_weights"].shape[0]
            share = S.dot(S.one_hot(S.reshape(y, shape=(-1,)), depth=classes), S.Variable("class_weights"))
            # What is reported is the objective: of a weight that only some candidates have it knows nothing.
            value = value if self.objective_weights is None else value * share
            slope = slope * (share if self.outputs == 1 else S.repeat(share, repeats=self.outputs, axis=1))
        gradient = S.broadcast_add(weight_gradient(S, slope, X, W, z) * (1 / self.batch_size), decay * W)
        rate = S.broadcast_mul(speed, per_model("rates"))

        def part(symbol: Any, first: int, last: int) -> Any:
            if last - first == self.models:
                return symbol
            return S.slice_axis(symbol, axis=0, begin=first * self.outputs, end=last * self.outputs)

        trained: list[Any] = []
        renewed: list[tuple[str, Any]] = []
        last = 0
        for key, group in groupby(self.candidates, kernel):
            first, last = last, last + len(list(group))
            candidate, optimizer = self.candidates[first], OPTIMIZERS[key[0]]
            states = [S.Variable(f"state_{first}_{i}") for i in range(optimizer.states)]
            for state in states:
                self.states[state.name] = mx.nd.zeros(((last - first) * self.outputs, width))
            change, new_states = optimizer.update(
                S, part(gradient, first, last), states, part(rate, first, last), vars(candidate)
            )
            new = S.broadcast_add(part(W, first, last), change)
            if candidate.l1:
                reach = part(S.broadcast_mul(shrink, per_model("proximal_rates")), first, last)
                new = soft_threshold(S, new, reach)
            trained.append(new)
            renewed += zip([state.name for state in states], new_states, strict=False)
        weights_out = trained[0] if len(trained) == 1 else S.concat(*trained, dim=0)
        total = S.broadcast_add(lost, S.dot(weight, value, transpose_a=True))
        results = {"W": weights_out, "lost": total, **dict(renewed)}
        arrays = {"W": self.weights, "lost": self.lost, **self.constants, **self.states}
        if self.averages is not self.weights:
            average = S.Variable("average")
            results["average"] = S.broadcast_add(average, S.broadcast_mul(weights_out - average, per_model("shares")))
            arrays["average"] = self.averages
        return CompiledStep(results, arrays)

    def train(self, rows: Rows, order: NDArray[np.int32], heed: Heed = unheeding) -> Floats:
        """Train on the rows in this order (n,); return each model's loss before updates, summed over rows, (M,).

        `heed` is called from time to time between updates and may raise; the bank is then where the last one left it.
        """
        table = batch_table(order, self.batch_size)
        self.lost[:] = 0
        run = self.run_length(table.shape[1])
        for first in range(0, len(table), run):
            self.run(rows, table[first : first + run])
            self.lost.wait_to_read()
            heed()
        return self.restored(self.lost.asnumpy()[0])

    def run_length(self, batch: int) -> int:
        """Return how many updates of so many rows are queued before anybody waits for them."""
        outputs, width = self.weights.shape
        cost = outputs * (4 * width * batch + PASSES * (batch + width))
        return min(RUN, max(1, int(RUN_COST / cost)))

    def run(self, rows: Rows, table: NDArray[np.int32]) -> None:
        """Train on a table of mini-batches (T, batch_size), with the learning rates of its updates as tables too."""
        t = np.arange(len(table)) + self.updates + 1
        self.updates += len(table)
        steps = step_sizes(self.candidates, t)
        per_update = {name: ndarray(values.astype(np.float32)[:, :, None]) for name, values in steps.items()}
        for i, data in enumerate(self.batches(rows, table)):
            self.step(data | {name: values[i] for name, values in per_update.items()})

    def batches(self, rows: Rows, table: NDArray[np.int32]) -> Iterator[dict[str, Any]]:
        """Yield what the step gathers each mini-batch from: all rows, or where MXNet cannot index them, its own."""
        if rows.X.size <= LARGEST_TENSOR:
            data, chosen = tensors(rows.X, rows.y, rows.weight), ndarray(table)
            for i in range(len(table)):
                yield data | {"batch": chosen[i]}
        else:
            every = ndarray(np.arange(table.shape[1], dtype=np.int32))
            for batch in table:
                yield tensors(rows.X[batch], rows.y[batch], rows.weight[batch]) | {"batch": every}

    def restored(self, values: Floats) -> Floats:
        """Put what is indexed by model first back into the caller's order."""
        result = np.empty_like(values)
        result[self.order] = values
        return result

    def evaluate(self, rows: Rows, *, margins: int = 0, heed: Heed = unheeding) -> tuple[Floats, Floats]:
        """Return each model's summed loss (M,) and, of single-output models, the margins of the first rows."""
        lost = np.zeros(self.models)
        z_all = np.empty((self.models, margins), np.float32)
        chunk = scored_rows(self.models * self.outputs)
        for first in range(0, len(rows), chunk):
            heed()
            last = min(first + chunk, len(rows))
            X, y = ndarray(rows.X[first:last]), ndarray(rows.y[first:last])
            z = mx.nd.FullyConnected(X, self.averages, num_hidden=self.models * self.outputs, no_bias=True)
            value, _ = self.loss.graph(mx.nd, z, y, self.models, self.outputs, self.loss_parameter)
            lost += mx.nd.dot(ndarray(row_weights(rows.y[first:last, 0], self.objective_weights)), value).asnumpy()[0]
            if first < margins:
                z_all[:, first:last] = z.asnumpy().T[:, : margins - first]
        return self.restored(lost), self.restored(z_all)

    def snapshot(self) -> Floats:
        """Copy the weights that are evaluated, (M, K, d + 1): of a model that averages its average."""
        return self.restored(self.averages.asnumpy().reshape(self.models, self.outputs, -1))

    def restore(self, snapshot: Floats) -> None:
        """Put the weights of a snapshot back, to be evaluated."""
        self.averages[:] = ndarray(snapshot[self.order].reshape(self.models * self.outputs, -1))

    def state(self) -> Iterator[tuple[str, Floats]]:
        """Name and copy what training goes on from."""
        yield "updates", np.array(self.updates)
        for name, array in self.carried().items():
            yield name, array.asnumpy()

    def resume(self, state: Mapping[str, Floats], prefix: str) -> None:
        """Go on from the state of a bank like this one, whose names in `state` begin with `prefix`."""
        self.updates = int(state[f"{prefix}updates"])
        for name, array in self.carried().items():
            array[:] = ndarray(state[prefix + name])

    def carried(self) -> dict[str, Any]:
        """Name the arrays that are carried from update to update."""
        averages = {} if self.averages is self.weights else {"averages": self.averages}
        return {"weights": self.weights, **averages, **self.states}


def tensors(features: Floats, labels: Floats, weights: Floats) -> dict[str, Any]:
    """Name what a mini-batch is gathered from."""
    return {"features": ndarray(features), "labels": ndarray(labels), "weights": ndarray(weights)}


def kernel(candidate: Candidate) -> tuple[str, float, float, float, bool]:
    """Name what candidates must share to be updated by one operator."""
    return candidate.optimizer, candidate.beta_1, candidate.beta_2, candidate.momentum, candidate.l1 > 0


def soft_threshold(F: Any, W: Any, reach: Any) -> Any:
    """Move weights towards zero by `reach`, and to exactly zero where they are nearer: the proximal step of L1."""
    return F.relu(W - reach) - F.relu(0 - W - reach)
