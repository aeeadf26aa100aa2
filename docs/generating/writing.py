"""How pages are written: templates of Markdown, filled."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

TEMPLATES = Path(__file__).parent / "templates"


def write_page(target: Path, template: str, **values: Any) -> None:
    """Fill a template and write the page that it makes; the folder is made."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        autoescape=False,  # noqa: S701  Markdown, made of what the suite itself says
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(environment.get_template(template).render(values), encoding="utf-8")
