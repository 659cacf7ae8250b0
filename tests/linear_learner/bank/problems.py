"""What the banks of the tests train: candidates, where they start, and standardised rows."""

from collections.abc import Callable, Sequence

import numpy as np

from linear_learner.bank.native.dense import NativeDenseBank
from linear_learner.bank.operators.dense import DenseBank
from linear_learner.objective.losses import LOSSES
from linear_learner.options.candidates import Candidate
from linear_learner.training.initial import draw_initial_weights
from open_algorithms.learning.engine.native.library import Library, find_library
from open_algorithms.learning.rows.csr import compress_matrix
from open_algorithms.learning.rows.dense import DenseRows, Design, build_dense_rows
from open_algorithms.learning.rows.scaling import Scaler, fit_scaler
from open_algorithms.learning.rows.sparse import SparseRows, SparseRowsBuilder
from open_algorithms.learning.types.arrays import Floats

MakeBank = Callable[..., DenseBank | NativeDenseBank]
BATCH = 50
PARAMETER = 0.3
CANDIDATES = [
    Candidate(),
    Candidate("sgd", 0.1, momentum=0.9),
    Candidate("adam", 0.02, l1=20, lr_scheduler_step=3, lr_scheduler_factor=0.5),
    Candidate("adagrad", 0.1, wd=0.1, average=True),
    Candidate("rmsprop", 0.01, l1=5),
    Candidate("sgd", 0.05, wd=1.0, bias_wd_mult=0.5, bias_lr_mult=2.0, momentum=0.5, l1=1),
    Candidate("adam", 0.05, beta_1=0.5, beta_2=0.9, use_lr_scheduler=False),
]


def native_library() -> Library:
    """Return the native library; tests that are marked `native` are left out where there is none."""
    library = find_library()
    assert library is not None
    return library


def draw_start(outputs: int, features: int, models: Sequence[int] = range(len(CANDIDATES))) -> Floats:
    """Draw the weights that these models start from."""
    return draw_initial_weights(models, outputs, features, seed=1, method="uniform", spread=0.07, bias=0.1)


def draw_dense_rows(loss: str, rows: int = 230, features: int = 6) -> tuple[DenseRows, int]:
    """Return standardised rows and the outputs K of one model; the last mini-batch is not full."""
    generator = np.random.default_rng(5)
    outputs = 3 if LOSSES[loss].predictor_type == "multiclass_classifier" else 1
    X = generator.normal(2, 3, (rows, features)).astype(np.float32)
    y = (X @ generator.normal(size=(features, max(outputs, 2)))).argmax(axis=1).astype(np.float32)
    scaler = fit_scaler(X, y, unbias_data=True, normalize_data=True, unbias_label=False, normalize_label=False)
    blocks = [(X[:99], y[:99]), (X[99:], y[99:])]
    return build_dense_rows(blocks, scaler, features, Design(LOSSES[loss].takes_signed_rows)), outputs


def draw_both_forms(
    loss: str, features: int = 40, *, centred: bool = True, held: float = 0.2, rows: int = 230
) -> tuple[DenseRows, SparseRows, int]:
    """Return the same rows dense and sparse, and the outputs K of one model."""
    generator = np.random.default_rng(5)
    outputs = 3 if LOSSES[loss].predictor_type == "multiclass_classifier" else 1
    X = generator.normal(2, 3, (rows, features)) * (generator.random((rows, features)) < held)
    X = X.astype(np.float32)
    X[:, 3] = 7  # a constant feature
    X[:, 5] = 0  # one that no row holds
    y = (X @ generator.normal(size=(features, max(outputs, 2)))).argmax(axis=1).astype(np.float32)
    scaler = fit_scaler(X, y, unbias_data=centred, normalize_data=True, unbias_label=False, normalize_label=False)
    dense = build_dense_rows([(X, y)], scaler, features, Design(LOSSES[loss].takes_signed_rows))
    return dense, build_sparse_rows(X, y, scaler), outputs


def build_sparse_rows(X: Floats, y: Floats, scaler: Scaler) -> SparseRows:
    """Return the rows standardised and sparse, from two blocks."""
    builder = SparseRowsBuilder(1 << 20)
    for part in (slice(0, 99), slice(99, None)):
        assert builder.try_add(scaler.scale_features(compress_matrix(X[part])), scaler.standardise_label(y[part]))
    return builder.build_rows(scaler)
