"""Archives are read without being unpacked to disk, and what could do harm is refused: each part with its reason."""

import lzma
import re
import stat
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO
from zipfile import BadZipFile, ZipFile, ZipInfo

from workbench.errors import DataError

MOST_FILES = 100_000
MOST_BYTES = 4 * 2**30
"""Unpacked, all files of an archive together."""
MOST_OF_ONE = 2**30
"""Unpacked, one file."""
RATIO, RATIO_FROM = 200, 8 * 2**20
"""A file above this size that was packed tighter than 1 : 200 was made to fill disks; text comes to 1 : 3 to 1 : 50."""
NESTED = (".zip", ".7z", ".rar", ".tar", ".gz", ".tgz", ".bz2", ".xz")
BLOCK = 1 << 20
ENCRYPTED = 0x1
"""The flag of a file that is encrypted."""
DAMAGED = (BadZipFile, NotImplementedError, EOFError, OSError, ValueError, zlib.error, lzma.LZMAError)
"""What reading raises where an archive is damaged or packed in a way that is not known."""


@dataclass(frozen=True)
class Member:
    """A file of an archive that may be read, or the reason why it may not."""

    name: str
    """Its path within the archive."""
    data: bytes = b""
    refused: str = ""


def members(path: Path, name: str) -> Iterator[Member]:
    """The files of a ZIP archive, in the order of their names; hidden ones are passed over.

    A file that leads out of the archive, is a link, encrypted, an archive itself, packed too tightly, too large, of the
    same name as another, or damaged is refused. Raises DataError where that holds for the archive as a whole.
    """
    try:
        with ZipFile(path) as archive:
            inner = sorted(checked(archive, name), key=lambda info: info.filename)
            seen: set[str] = set()
            for info in inner:
                if info.is_dir() or _is_hidden(info.filename):
                    continue
                reason = "stands twice in the archive" if info.filename in seen else _refused(info)
                seen.add(info.filename)
                yield Member(_shown(info.filename), refused=reason) if reason else _read(archive, info)
    except DAMAGED as error:
        raise DataError(f"{name} cannot be read as a ZIP archive: {_first_line(error)}.", "Pack it again.") from None


def checked(archive: ZipFile, name: str) -> list[ZipInfo]:
    """The entries of an archive that is fit to be read.

    Raises DataError where there are too many of them, or they would be too large together.
    """
    found = archive.infolist()
    if len(found) > MOST_FILES:
        raise DataError(f"{name} holds {len(found):,} files, more than {MOST_FILES:,}.", "Split it.")
    total = sum(info.file_size for info in found)
    packed = sum(info.compress_size for info in found)
    if total > MOST_BYTES:
        raise DataError(
            f"{name} would unpack to {total / 2**30:,.1f} GB, more than {MOST_BYTES // 2**30} GB.", "Split it."
        )
    if total > RATIO_FROM and total > RATIO * max(1, packed):
        raise DataError(
            f"{name} would unpack to {total / max(1, packed):,.0f} times its size, as archives do that were made to "
            "fill disks.",
            "Unpack it and give the folder, if you know where it comes from.",
        )
    return found


def _is_hidden(name: str) -> bool:
    return any((part.startswith(".") and part != "..") or part == "__MACOSX" for part in _parts(name))


def _parts(name: str) -> tuple[str, ...]:
    return PurePosixPath(name.replace("\\", "/")).parts


def _refused(info: ZipInfo) -> str:
    """Why a file must not be read; empty where it may."""
    parts = _parts(info.filename)
    if ".." in parts or parts[:1] == ("/",) or re.match(r"[A-Za-z]:", info.filename):
        return "leads out of the archive"
    if stat.S_ISLNK(info.external_attr >> 16):
        return "is a link, not a file"
    if info.flag_bits & ENCRYPTED:
        return "is encrypted; pack it without a password"
    if PurePosixPath(info.filename).suffix.lower() in NESTED:
        return "is an archive in an archive; unpack it first"
    if info.file_size > MOST_OF_ONE:
        return f"would unpack to {info.file_size / 2**30:,.1f} GB, more than {MOST_OF_ONE // 2**30} GB"
    if info.file_size > RATIO_FROM and info.file_size > RATIO * max(1, info.compress_size):
        return f"would unpack to {info.file_size / max(1, info.compress_size):,.0f} times its size"
    return ""


def _read(archive: ZipFile, info: ZipInfo) -> Member:
    name = _shown(info.filename)
    try:
        with archive.open(info) as source:
            return Member(name, _at_most(source, info.file_size))
    except DataError as error:
        return Member(name, refused=error.message)
    except DAMAGED as error:
        return Member(name, refused=f"cannot be unpacked: {_first_line(error)}")


def _at_most(source: IO[bytes], declared: int) -> bytes:
    """What a packed file holds; no more is unpacked than it is said to hold."""
    blocks: list[bytes] = []
    size = 0
    while block := source.read(BLOCK):
        size += len(block)
        if size > declared:
            raise DataError("holds more than it says")
        blocks.append(block)
    return b"".join(blocks)


def _shown(name: str) -> str:
    """A name that is safe to print and to refer to by."""
    return "".join(sign if sign.isprintable() else "?" for sign in name)


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
