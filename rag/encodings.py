"""The bytes of a text file become text, whatever they are encoded in. The only importer of charset_normalizer.

A byte order mark and valid UTF-8 are believed. What is neither is guessed, among encodings that are still met.
"""

import codecs
import re
import unicodedata

from charset_normalizer import from_bytes

from workbench.errors import DataError
from workbench.textfiles import BYTE_ORDER_MARKS, decode

LIKELY = (
    "cp1252", "cp1250", "iso8859_2", "cp1251", "koi8_r", "cp1253", "cp1254", "cp1255", "cp1256",
    "cp932", "euc_jp", "iso2022_jp", "gb18030", "big5", "cp949",
)  # fmt: skip
"""Encodings that are guessed: the more there are, the more often a rare one looks right."""
LATIN = ("cp1252", "cp1250", "iso8859_2", "latin_1")
"""Those that hardly differ, the likeliest first."""
SAMPLE = 1 << 18
"""Bytes that a guess is made from: those after the first that is not ASCII."""
FEW = 32
"""Bytes beyond ASCII from which a guess among the Latin encodings is worth something."""
LATIN_SHARE = 0.4
"""A text with a larger share of such bytes is not in Latin letters."""
BROKEN_SHARE = 0.02
"""How many of the characters beyond ASCII may be broken in a text all the same: it was cut, or patched."""
BLOCK = 1 << 20
SHOWN = 2000
"""Characters that are looked at to tell UTF-16 from what is no text."""

MISREAD = re.compile(r"(?<=[^\W\d_])[\xa1-\xbf\xd7\xf7\u0192\u02c6\u02dc\u2020\u2021\u2030](?=[^\W\d_])|[\x80-\x9f]")
"""A symbol between two letters, or a control character: where there are many, the text was not read right."""
TURKISH, ICELANDIC = re.compile("[ýþðÝÞÐ]"), re.compile("[áéíóúæÁÉÍÓÚÆ]")
"""Where the Western letters of the first kind stand without those of the second, the text is Turkish."""
CONTROL = re.compile(rb"[\x01-\x08\x0e-\x1a\x1c-\x1f\x7f]")
SHIFTED = re.compile(rb"\x1b\$[@B]")
"""How Japanese begins in ISO-2022-JP, all of whose bytes are ASCII."""
DECLARED = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w.:-]{2,40})", re.IGNORECASE)


def read_text(data: bytes, name: str) -> str:
    """The text of a file.

    Raises DataError where it is empty or no text.
    """
    guess = _guess(data)
    if guess is None:
        return decode(data, name)
    if not guess.startswith("utf-16") and len(CONTROL.findall(data, 0, SAMPLE)) > BROKEN_SHARE * min(len(data), SAMPLE):
        raise DataError(f"{name} is not text.", "Save it as text in UTF-8, or leave it out.")
    text = data.decode(guess, errors="replace")
    broken, beyond = text.count("\ufffd"), sum(not block.isascii() for block in text.split())
    if broken > max(1, BROKEN_SHARE * beyond):
        return decode(data, name)
    return text.removeprefix("\ufeff")


def read_page(data: bytes, name: str) -> str:
    """The text of an HTML file, which may say what it is encoded in.

    Raises DataError as ``read_text`` does.
    """
    declared = DECLARED.search(data[:4096])
    if declared is None or _is_utf8(data):
        return read_text(data, name)
    try:
        encoding = codecs.lookup(declared[1].decode()).name
        # What is declared as Latin-1 is read as its superset by every browser.
        return data.decode("cp1252" if encoding == "iso8859-1" else encoding)
    except (LookupError, UnicodeError):
        return read_text(data, name)


def _guess(data: bytes) -> str | None:
    """What bytes are encoded in; None where they say so themselves, are UTF-8, or no text as far as one can see."""
    if any(data.startswith(mark) for mark, _ in BYTE_ORDER_MARKS):
        return None
    if b"\0" in data[:SAMPLE]:
        return next((wide for wide in ("utf-16-le", "utf-16-be") if _is_wide(data[:SAMPLE], wide)), None)
    if _is_utf8(data):
        return "iso2022_jp" if SHIFTED.search(data, 0, SAMPLE) and _decodes(data, "iso2022_jp") else None
    sample = _sample(data)
    if _nearly_utf8(sample):
        return "utf-8"
    beyond = sum(byte > 127 for byte in sample)
    best = from_bytes(sample, cp_isolation=list(LIKELY)).best()
    guess = best.encoding if best is not None else LATIN[0]
    few = beyond < FEW and beyond < LATIN_SHARE * len(sample)
    return _latin(sample, None if few else guess) if few or guess in LATIN else guess


def _latin(sample: bytes, guess: str | None) -> str:
    """The Latin encoding in which the fewest symbols stand within words; of equals the guessed or the likeliest."""
    fitting = {one: sample.decode(one) for one in LATIN if _decodes(sample, one)}
    found = min(fitting, key=lambda one: (len(MISREAD.findall(fitting[one])), guess is not None and one != guess))
    turkish = found == "cp1252" and TURKISH.search(fitting[found]) and not ICELANDIC.search(fitting[found])
    return "cp1254" if turkish else found


def _is_utf8(data: bytes) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for start in range(0, len(data), BLOCK):
            decoder.decode(data[start : start + BLOCK], final=start + BLOCK >= len(data))
    except UnicodeDecodeError:
        return False
    return True


def _sample(data: bytes) -> bytes:
    """The part of the data that begins with the line of the first byte beyond ASCII."""
    first = re.search(rb"[\x80-\xff]", data)
    place = first.start() if first else 0
    begin = data.rfind(b"\n", 0, place) + 1
    begin = max(begin, place - SAMPLE // 2)
    return data[begin : begin + SAMPLE]


def _is_wide(sample: bytes, encoding: str) -> bool:
    """Whether bytes are UTF-16 without a mark: zeros stand in one half of each character alone, and all are letters."""
    high = sample[1::2] if encoding == "utf-16-le" else sample[0::2]
    low = sample[0::2] if encoding == "utf-16-le" else sample[1::2]
    if low.count(0) >= high.count(0) or sample.startswith(b"PK"):
        return False
    text = sample[: len(sample) // 2 * 2].decode(encoding, errors="replace")[:SHOWN]
    return all(unicodedata.category(sign) not in ("Cc", "Cn", "Co") or sign in "\t\r\n" for sign in text)


def _nearly_utf8(sample: bytes) -> bool:
    text = sample.decode("utf-8", errors="replace")
    beyond = sum(character > "\x7f" for character in text)
    return text.count("\ufffd") <= BROKEN_SHARE * beyond


def _decodes(data: bytes, encoding: str) -> bool:
    try:
        data.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True
