"""The methods themselves, one file for each family; importing this package registers all of them."""

from importlib import import_module
from pkgutil import iter_modules

_ORDER = (
    "gradient", "cam", "full_gradient", "eigen", "guided", "perturbation", "relevance", "chance", "aliases", "wrappers",
)  # fmt: skip
"""The families in the order of tables; files that are not named here follow."""

_modules = sorted(module.name for module in iter_modules(__path__))
for _name in sorted(_modules, key=lambda name: _ORDER.index(name) if name in _ORDER else len(_ORDER)):
    import_module(f"{__name__}.{_name}")
