"""Import the parts of MXNet 1.9.1 that the banks use; every other module takes `mx` from here.

A plain import takes several times as long: it generates and compiles a Python function for every operator, twice, and
imports modules that no bank uses. Here operator functions are generated on first call, and other modules are imported
on first access.
"""

import sys
import warnings
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec, module_from_spec
from typing import Any

import numpy

__all__ = ["mx"]

MakeOperator = Callable[[Any, str, str], Callable[..., Any]]


def import_arrays_and_symbols() -> Any:
    """Return the package `mxnet` with operators, arrays and symbols; access to anything else imports all of it."""
    for left in [name for name in sys.modules if name.startswith("mxnet.")]:
        del sys.modules[left]  # of an import of the whole that failed
    mx, contrib = register_package("mxnet"), register_package("mxnet.contrib")
    from mxnet import base, context

    mx.cpu = context.cpu  # MXNet asks for it while the next are imported
    init, init_numpy = base._init_op_module, base._init_np_op_module
    base._init_op_module = lambda root, module, make: init(root, module, defer_making(make))
    base._init_np_op_module = lambda *, make_op_func, **names: init_numpy(
        **names, make_op_func=defer_making(make_op_func)
    )
    # The first two are filled by the next two; the last is imported by any operator that is called.
    for name in ("contrib.ndarray", "contrib.symbol", "ndarray", "symbol", "numpy"):
        import_module(f"mxnet.{name}")
    mx.nd, mx.sym, mx.MXNetError = mx.ndarray, mx.symbol, base.MXNetError

    def import_rest(name: str) -> Any:
        module = f"mxnet.{name}"
        # One that is imported first asks for others while it is half done, and the whole would ask for that half.
        if module not in sys.modules and find_spec(module):
            return import_module(module)
        del mx.__getattr__
        with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
            for package in (contrib, mx):
                package.__spec__.loader.exec_module(package)
        return getattr(mx, name)

    mx.__getattr__ = import_rest
    return mx


def register_package(name: str) -> Any:
    """Put a package into sys.modules without executing its __init__, which would import everything in it."""
    spec = find_spec(name)
    if spec is None:
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)
    package = sys.modules[name] = module_from_spec(spec)
    return package


def defer_making(make: MakeOperator) -> MakeOperator:
    """Make `make`, which generates the function of an operator, do so on the first call of that function."""

    def make_later(handle: Any, name: str, exposed: str) -> Callable[..., Any]:
        made: list[Callable[..., Any]] = []

        def call_operator(*args: Any, **kwargs: Any) -> Any:
            if not made:
                made.append(make(handle, name, exposed))
            return made[0](*args, **kwargs)

        call_operator.__name__ = exposed
        call_operator.__doc__ = ""  # MXNet goes on to edit it
        return call_operator

    return make_later


# MXNet 1.9.1 still names the alias that numpy 1.24 removed.
if "bool" not in vars(numpy):
    vars(numpy)["bool"] = numpy.bool_

with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
    mx: Any = sys.modules.get("mxnet") or import_arrays_and_symbols()
