"""The methods themselves, a file a family; importing this package registers all of them."""

from importlib import import_module
from pkgutil import iter_modules

_ORDER = (
    "gradient", "cam", "full_gradient", "eigen", "guided", "perturbation", "relevance", "chance", "aliases", "wrappers",
)  # fmt: skip
"""The families in the order of tables; a file that is not named here comes behind them."""

_found = sorted(module.name for module in iter_modules(__path__))
for _name in sorted(_found, key=lambda name: _ORDER.index(name) if name in _ORDER else len(_ORDER)):
    import_module(f"{__name__}.{_name}")
