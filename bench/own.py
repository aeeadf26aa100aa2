"""CAM bench's own `datasets`, also where another distribution, such as Hugging Face's, is called so too.

Write ``from bench.own import datasets``, never ``import datasets``. Where that name leads to the folder beside `bench`,
both are the same package. Elsewhere the folder is imported as ``bench.own.datasets``, and the name stays with its
owner. The modules of `datasets` import each other relatively, so that they work under either name.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from bench.provenance import ROOT, leads_here

__all__ = ["datasets"]

if TYPE_CHECKING:
    import datasets
elif leads_here("datasets"):
    datasets = import_module("datasets")
else:
    __path__ = [str(ROOT)]  # submodules of this module are looked for there
    datasets = import_module("bench.own.datasets")
