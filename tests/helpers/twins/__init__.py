"""Every method once more, in loops over k, i and j and in float64, each from its paper's equation.

There is a file here for each of `methods.catalogue`. `a` is the activation and `g` the gradient of one image, both
(K, h, w); every map is (h, w). All twins are held against their methods by tests/methods/catalogue/test_twins.py.
"""

from importlib import import_module
from pkgutil import iter_modules

from tests.helpers.twins.registry import EVIDENCE_TWINS, GRADIENT_TWINS

__all__ = ["EVIDENCE_TWINS", "GRADIENT_TWINS"]

for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")
