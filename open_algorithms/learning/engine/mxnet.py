"""Import the parts of MXNet 1.9.1 that the banks use; every other module takes `mx` from here.

A plain import takes several times as long: it generates and compiles a Python function for every operator, twice, and
imports modules that no bank uses. Here operator functions are generated on first call, and other modules are imported
on first access. What MXNet misses in the numpy of today it is given, and numpy stays as it is.
"""

import sys
import warnings
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec, module_from_spec
from types import ModuleType
from typing import Any

from open_algorithms.learning.engine.mxnet_imports import FORMER_NUMPY, MxnetFinder
from open_algorithms.learning.engine.source import PACKAGE, package_name
from open_algorithms.learning.job.errors import InputError

__all__ = ["mx"]

MakeOperator = Callable[[Any, str, str], Callable[..., Any]]


def import_arrays_and_symbols(package: str) -> Any:
    """Return MXNet, whose package has this name, with operators, arrays and symbols.

    Access to anything else imports all of it.
    """
    for left in [name for name in sys.modules if name.startswith(f"{package}.")]:
        del sys.modules[left]  # of an import of the whole that failed
    sys.meta_path.insert(0, MxnetFinder(package))
    mx, contrib = register_package(package), register_package(f"{package}.contrib")
    base = import_base(package)
    context: Any = import_module(f"{package}.context")
    function: Any = import_module(f"{package}._ffi.function")

    mx.cpu = context.cpu  # MXNet asks for it while the next are imported
    # These take it for granted that the package is called mxnet.
    init, init_numpy, init_api = base._init_op_module, base._init_np_op_module, function._init_api_prefix
    base._init_op_module = lambda root, module, make: init(package, module, defer_making(make))
    base._init_np_op_module = lambda *, root_module_name, make_op_func, **names: init_numpy(
        root_module_name=package, make_op_func=defer_making(make_op_func), **names
    )
    function._init_api_prefix = lambda module, prefix: init_api(module.replace(PACKAGE, package, 1), prefix)
    if not hasattr(FORMER_NUMPY, "alltrue"):  # nor other functions of numpy 1 that this module lists
        fallback = sys.modules[f"{package}.numpy.fallback"] = ModuleType("fallback")
        vars(fallback)["__all__"] = []
    # The first two are filled by the next two; the last is imported by any operator that is called.
    for name in ("contrib.ndarray", "contrib.symbol", "ndarray", "symbol", "numpy"):
        import_module(f"{package}.{name}")
    mx.nd, mx.sym, mx.MXNetError = mx.ndarray, mx.symbol, base.MXNetError

    def import_rest(name: str) -> Any:
        module = f"{package}.{name}"
        # One that is imported first asks for others while it is half done, and the whole would ask for that half.
        if module not in sys.modules and find_spec(module):
            return import_module(module)
        del mx.__getattr__
        with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
            for whole in (contrib, mx):
                whole.__spec__.loader.exec_module(whole)
        return getattr(mx, name)

    mx.__getattr__ = import_rest
    return mx


def import_base(package: str) -> Any:
    """Return MXNet's module `base`, which loads its library; raises InputError where that lacks another library."""
    try:
        return import_module(f"{package}.base")
    except OSError as error:
        raise InputError(
            f"MXNet's library cannot be loaded: {error}. It needs those of GCC; on Debian: apt-get install libgomp1 "
            "libquadmath0."
        ) from None


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


with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
    mx: Any = sys.modules.get(PACKAGE) or import_arrays_and_symbols(package_name())
