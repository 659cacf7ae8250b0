"""Benchmarks: each program measures this project beside a reference in the same run."""

import os

# As `train` does: all are read once, at the import of MXNet.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("MXNET_USE_OPERATOR_TUNING", "0")
os.environ.setdefault("GOMP_SPINCOUNT", "10000")
