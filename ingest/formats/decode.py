"""Bytes to text: byte order marks, UTF-8, and a guess for what is neither; binary noise is refused."""

import codecs

from charset_normalizer import from_bytes

from core.errors import UnreadableSource

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SAMPLE = 100_000
_CONTROL = frozenset(range(32)) - {7, 8, 9, 10, 11, 12, 13, 27}


def decode(data: bytes, name: str) -> str:
    """The text that the bytes hold; NUL characters go."""
    encoding = next((encoding for mark, encoding in _MARKS if data.startswith(mark)), "utf-8")
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        text = data.decode(encoding, "replace") if encoding != "utf-8" else _guessed(data, name)
    if _is_noise(text):
        raise _binary(name)
    return text.removeprefix("\ufeff").replace("\0", "")


def _guessed(data: bytes, name: str) -> str:
    if sum(byte in _CONTROL for byte in data[:_SAMPLE]) > len(data[:_SAMPLE]) // 20:
        raise _binary(name)
    if len(valid := data.decode("utf-8", "replace")) and valid.count("\ufffd") <= len(valid) // 1000:
        return valid
    matches = from_bytes(data[:_SAMPLE])
    best = matches.best()
    # Western text reads as well in its neighbours' code pages; the common one wins where it is as plausible.
    western = any(match.encoding == "cp1252" and best and match.chaos <= best.chaos for match in matches)
    return data.decode("cp1252" if western or not best else best.encoding, "replace")


def _is_noise(text: str) -> bool:
    sample = text[:_SAMPLE]
    odd = sum(char < " " and char not in "\t\n\r\f\v\b\x1b\x07\0" for char in sample)
    return (
        odd > len(sample) // 20 or sample.count("\0") > len(sample) // 4 or sample.count("\ufffd") > len(sample) // 10
    )


def _binary(name: str) -> UnreadableSource:
    return UnreadableSource(f"{name} is not text", "rename it to the format it has, or save it as UTF-8 text")
