"""`python -m docs.generating`: writes the pages that are made from registries, help texts and baselines.

They lie beside the pages that are written by hand, and git ignores them.
"""

from pathlib import Path

from docs.generating.commands import write_commands
from docs.generating.datasets import write_datasets
from docs.generating.methods import write_methods
from docs.generating.results import write_results

PAGES = Path(__file__).resolve().parents[1] / "pages"

if __name__ == "__main__":
    write_commands(PAGES)
    write_datasets(PAGES)
    write_results(PAGES)
    write_methods(PAGES)
