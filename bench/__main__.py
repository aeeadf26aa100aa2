"""The command line: ``python -m bench``."""

from __future__ import annotations

import sys

from bench.allocator import keep_freed_memory
from bench.commands.app import app
from bench.provenance import OWN_PACKAGES, check_own_packages


def main() -> None:
    """Run a command; a mistake of the user ends with one message and exit code 2."""
    keep_freed_memory()
    try:
        check_own_packages()
        app()
    except Exception as error:
        # Errors that the suite defines are written for the user; any other is a fault of the suite.
        if type(error).__module__.split(".")[0] not in OWN_PACKAGES:
            raise
        print(f"error: {error}", file=sys.stderr)
        raise SystemExit(2) from None


if __name__ == "__main__":
    main()
