"""Import MXNet 1.9.1 on the numpy that is installed; every other module takes `mx` from here."""

import warnings

import numpy

# MXNet 1.9.1 still names the alias that numpy 1.24 removed.
if "bool" not in vars(numpy):
    vars(numpy)["bool"] = numpy.bool_

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    import mxnet as mx

__all__ = ["mx"]
