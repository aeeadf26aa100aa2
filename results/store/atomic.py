"""Files that are there as a whole or not at all, however many processes write them."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def identifier() -> str:
    """Return 24 hexadecimal digits that no process returns again; they sort by time."""
    return f"{time.time_ns():016x}{secrets.token_hex(4)}"


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary name in the folder of `path`; the file that is written there takes the place of `path`.

    Where writing fails, `path` stays as it was and nothing is left of the temporary file.
    """
    temporary = path.with_name(f"{path.name}.{identifier()}.part")
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
