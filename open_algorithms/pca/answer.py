"""A model of PCA for those who do not train: load, serve, and look into it, without MXNet.

Tests: tests/pca/artifact/test_read.py.
"""

from open_algorithms.pca.artifact.packing import pack_model, unpack_model
from open_algorithms.pca.artifact.read import find_model_files, load_model, read_model

__all__ = ("find_model_files", "load_model", "pack_model", "read_model", "unpack_model")
