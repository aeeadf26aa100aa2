"""The official archives of the datasets: where they are, and how to know them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Source:
    """An official archive.

    Attributes:
        archive: its file name.
        inside: a folder that lies in the dataset's own folder, however deep that is in the archive.
        url: its direct address; empty where there is none that may be used without a person.
        checksum: ``md5:`` or ``sha256:`` and hex digits; empty where none is known.
        by_hand: why a person has to get it; empty where `url` leads to it.
    """

    archive: str
    inside: str
    url: str = ""
    checksum: str = ""
    by_hand: str = ""


SOURCES = {
    "ksdd": Source(
        archive="KolektorSDD.zip",
        inside="kos01",
        url="https://go.vicos.si/kolektorsdd",
        checksum="md5:2b094030343c1cd59df02203ac6c57a0",
    ),
    "ksdd2": Source(
        archive="KolektorSDD2.zip",
        inside="train",
        url="https://go.vicos.si/kolektorsdd2",
        checksum="md5:1ed0f628122776ace4965afa30dfe316",
    ),
    "mvtec": Source(
        archive="mvtec_anomaly_detection.tar.xz",
        inside="bottle",
        checksum="sha256:cf4313b13603bec67abb49ca959488f7eedce2a9f7795ec54446c649ac98cd3d",
        by_hand="its page asks for a form to be filled in, and the address that it then shows does not last",
    ),
    "dagm": Source(
        archive="Class1.zip, ..., Class10.zip",
        inside="Class1",
        by_hand="it comes in several archives, and no checksum of them is published",
    ),
    "mtd": Source(
        archive="master.zip",
        inside="MT_Free",
        by_hand="its repository has no release, and an archive that is packed on request has no lasting checksum",
    ),
}
"""By the name of the dataset; one that is missing here is made on the fly or the user's own."""
