"""The examples of a page as one program: `python docs/examples.py PAGE` runs it in the current folder.

A fenced block of ``sh`` is run by the shell, one of ``python`` by Python; the blocks of a page follow each other in one
folder, those of Python in one namespace. A block of any language that begins with a comment which is the name of a file
is written to that file. A block behind the comment ``<!-- not run: REASON -->`` is left out.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

BLOCK = re.compile(
    r"^(?P<left_out><!-- not run: .+ -->\n)?```(?P<language>\w+)\n(?P<code>.*?)^```$", re.MULTILINE | re.DOTALL
)
FILE = re.compile(r"# (?P<name>[\w./-]+\.\w+)\n")
RUN = ("python", "sh")


@dataclass(frozen=True)
class Example:
    """A fenced block of a page.

    Attributes:
        language: behind the fence.
        code: between the fences.
        line: of the page on which the code begins.
    """

    language: str
    code: str
    line: int

    @property
    def file(self) -> str:
        """Name of the file that the block is written to; empty for one that is run."""
        named = FILE.match(self.code)
        return named["name"] if named else ""


def examples(text: str) -> Iterator[Example]:
    """Yield the blocks of a page that are written or run, from top to bottom."""
    for block in BLOCK.finditer(text):
        found = Example(block["language"], block["code"], text.count("\n", 0, block.start("code")) + 1)
        if not block["left_out"] and (found.file or found.language in RUN):
            yield found


def run(page: Path) -> None:
    """Run the examples of a page in the current folder.

    Raises:
        CalledProcessError: a command of the shell fails; Python's blocks raise what they raise.
    """
    namespace: dict[str, Any] = {"__name__": "__main__"}
    for example in examples(page.read_text(encoding="utf-8")):
        print(f"{page.name}:{example.line}", flush=True)
        if example.file:
            target = Path(example.file)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(example.code, encoding="utf-8")
        elif example.language == "sh":
            subprocess.run(["bash", "-euo", "pipefail", "-c", example.code], check=True)  # noqa: S607  any bash will do
        else:
            exec(compile(example.code, f"{page}:{example.line}", "exec"), namespace)  # noqa: S102  examples are our own


if __name__ == "__main__":
    for name in sys.argv[1:]:
        run(Path(name))
