"""Records that outlive the release that wrote them."""

from __future__ import annotations

import re
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict


def file_name(text: str) -> str:
    """Return `text` as a part of the name of a file: colons, slashes, blanks and the like are hyphens on every system.

    >>> file_name("mvtec:bottle"), file_name("my castings/2024")
    ('mvtec-bottle', 'my-castings-2024')
    """
    return re.sub(r"[^\w.+-]", "-", text, flags=re.ASCII)


class Record(BaseModel):
    """A frozen record.

    A field that is added later has a default, which is its value in older records. While it has this value, digests and
    manifests leave it out, so that what was named before the field existed keeps its name.

    Attributes:
        FIRST: the fields with defaults that the first records already had; they are always named.

    >>> class Warming(Record):
    ...     FIRST: ClassVar = frozenset({"epochs"})
    ...     epochs: int = 6
    ...     warm_up: int = 0
    >>> Warming().named(), Warming(warm_up=2).named()
    ({'epochs': 6}, {'epochs': 6, 'warm_up': 2})
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    FIRST: ClassVar[frozenset[str]] = frozenset()

    def named(self) -> dict[str, Any]:
        """Return all fields but those that were added later and have their default, as JSON has them."""
        return self.model_dump(mode="json", exclude=_unnamed(self))

    def named_json(self) -> str:
        """Return `named` as compact JSON, for digests."""
        return self.model_dump_json(exclude=_unnamed(self))


def _unnamed(record: Record) -> dict[str, Any]:
    """Return what `Record.named` leaves out, here and in the records within, as pydantic's `exclude`."""
    left_out: dict[str, Any] = {}
    for name, field in type(record).model_fields.items():
        value = getattr(record, name)
        later = name not in record.FIRST and not field.is_required()
        if later and value == field.get_default(call_default_factory=True):
            left_out[name] = True
        elif isinstance(value, Record) and (within := _unnamed(value)):
            left_out[name] = within
    return left_out
