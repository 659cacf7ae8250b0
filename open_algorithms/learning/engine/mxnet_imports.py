"""What `import` gives in MXNet's modules, and there alone: the numpy of its day, and MXNet by whatever name it has."""

import builtins
import math
import sys
from collections.abc import Mapping, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import ModuleType

import numpy

from open_algorithms.learning.engine.source import PACKAGE

DROPPED = {
    "bool": numpy.bool_,
    "NAN": math.nan,
    "NaN": math.nan,
    "PINF": math.inf,
    "NINF": -math.inf,
    "PZERO": 0.0,
    "NZERO": -0.0,
}
FORMER_NUMPY = ModuleType(numpy.__name__, "numpy, with the names that it has dropped since MXNet's last release.")
vars(FORMER_NUMPY).update(vars(numpy) | DROPPED)


class MxnetLoader(SourceFileLoader):
    """Executes a module of MXNet, whose package is called `package`."""

    def __init__(self, name: str, path: str, package: str) -> None:
        super().__init__(name, path)
        self.package = package

    def exec_module(self, module: ModuleType) -> None:
        """Execute the module: its statements of import call what its builtins have as `__import__`."""
        vars(module)["__builtins__"] = vars(builtins) | {"__import__": self.import_for_mxnet}
        super().exec_module(module)

    def import_for_mxnet(
        self,
        name: str,
        global_names: Mapping[str, object] | None = None,
        local_names: Mapping[str, object] | None = None,
        wanted: Sequence[str] | None = (),
        level: int = 0,
    ) -> ModuleType:
        """Import as the statement does; of a relative import, `level` counts the dots."""
        if level == 0 and name == numpy.__name__:
            return FORMER_NUMPY
        if level == 0 and name.partition(".")[0] == PACKAGE:
            found = __import__(name.replace(PACKAGE, self.package, 1), global_names, local_names, wanted or (), level)
            return found if wanted else sys.modules[self.package]
        return __import__(name, global_names, local_names, wanted or (), level)


class MxnetFinder(MetaPathFinder):
    """Finds the modules of MXNet, whose package is called `package`."""

    def __init__(self, package: str) -> None:
        self.package = package

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Find a module of the package; leave every other one to the other finders."""
        if not f"{name}.".startswith(f"{self.package}."):
            return None
        spec = PathFinder.find_spec(name, path, target)
        if spec is not None and isinstance(spec.loader, SourceFileLoader):
            spec.loader = MxnetLoader(name, spec.loader.path, self.package)
        return spec
