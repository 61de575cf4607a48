"""Repair of damaged text, where the repair is certain, and the tidy form in which every document is stored.

UTF-8 read as Windows-1252 or as ISO-8859-7 is a sequence of a lead and its continuation characters; a sequence that
decodes to a character of prose or mathematics is replaced by it. What is right already holds no such sequence. Text of
which the bytes 0x80–0x9F are lost altogether goes to `ingest.lost_bytes`.
"""

import re
import unicodedata
from itertools import product

import ftfy

from ingest import lost_bytes
from ingest.fences import fenced

# The bytes that Windows-1252 leaves undefined vanish when it reads UTF-8; what they completed, where one reading fits.
_LOST_WINDOWS_1252 = {
    "\u00cf": "ρ",
    "\u00e2\u201a": "₁",
    "\u00e2\u201e": "ℝ",
    "\u00e2\u2020": "←",
    "\u00e2\u20ac": "”",
}
_CONFIG = ftfy.TextFixerConfig(
    unescape_html=False,
    remove_terminal_escapes=False,
    restore_byte_a0=False,
    replace_lossy_sequences=False,
    uncurl_quotes=False,
    fix_latin_ligatures=False,
    fix_character_width=False,
    fix_line_breaks=False,
    fix_surrogates=True,
    remove_control_chars=False,
    normalization=None,
    max_decode_length=100_000,
)


def _character(byte: int, encoding: str) -> str:
    """What a byte reads as: Windows-1252 below 0xA0, `encoding` above, nothing where it is undefined."""
    try:
        return bytes([byte]).decode("cp1252" if byte < 0xA0 else encoding)
    except UnicodeDecodeError:
        return ""


def _pattern(*encodings: str) -> tuple[re.Pattern[str], dict[str, list[int]]]:
    """What a damaged sequence looks like, and the bytes each of its characters may have been."""
    codes: dict[str, list[int]] = {}
    for byte in range(0x80, 0xF5):
        for char in filter(None, dict.fromkeys(_character(byte, encoding) for encoding in encodings)):
            codes.setdefault(char, []).append(byte)
        if byte < 0xA0:
            codes.setdefault(chr(byte), []).append(byte)

    def of(first: int, last: int) -> str:
        return "[" + "".join(re.escape(c) for c, found in codes.items() if any(first <= b <= last for b in found)) + "]"

    tail = of(0x80, 0xBF)
    sequences = f"{of(0xF0, 0xF4)}{tail}{{3}}|{of(0xE0, 0xEF)}{tail}{{2}}|{of(0xC2, 0xDF)}{tail}"
    return re.compile(sequences), codes


_WINDOWS_1252, _WINDOWS_1252_BYTES = _pattern("cp1252")
_GREEK, _GREEK_BYTES = _pattern("iso8859-7", "cp1253")
# What text about mathematics is made of: Latin, Greek, combining marks, punctuation, letter-like signs, arrows,
# operators, box drawing, symbols, ligatures, mathematical letters and emoji.
_PLAUSIBLE = re.compile(
    "[\u00a0-\u017f\u02b0-\u03ff\u1d00-\u1dbf\u1e00-\u1eff\u2000-\u2bff\ufb00-\ufb06\ufeff\ufffd"
    "\U0001d400-\U0001d7ff\U0001f000-\U0001faff]"
)
_USUAL = frozenset("—–‘’“”…•→←↑↓↔⇒≤≥≈≠∈√∑∏∂∇∞×·¶²³±")
_EVIDENCE_1252 = re.compile(
    "\u00e2[\u20ac\u201a\u201e\u2020\u02c6\u2030]|\u00c2[\u00a0-\u00bf]|\u00c3[\u00a0-\u00bf\u2014]|\u00ce[\u00a0-\u00bf]"
    "|\u00f0\u0178[\u0080-\u00bf\u0152-\u2122]|\u00e1\u00b5[\u0080-\u00bf\u0152-\u2122]"
)
_HALF_1252 = re.compile("[\u00e2\u00f0\u00cf\u00c3\u00c2]")
_EVIDENCE_GREEK = re.compile(
    "\u03b2[\u20ac\u2020\u2030\u02c6\u201d\u0153]|\u0392[\u00b6\u0386\u00b7\u00a0]"
    "|(?<=\\d)\u0393\u2014|\u039e[\u00b1\u00b5\u00b7\u00b8]"
)
_CONTROL = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f-\x84\x86-\x9f\ufeff\ufffe\uffff\ud800-\udfff]")


def repair(text: str, lossy: bool | None = None) -> str:
    """The text with damage undone where its reading is certain; text that is right stays byte for byte.

    `lossy` says that the file it comes from lost bytes, which a short text does not show.
    """
    before = text
    text = _sequences(text, _WINDOWS_1252, _WINDOWS_1252_BYTES, _EVIDENCE_1252)
    if text != before and _HALF_1252.search(text):
        text = _lost_windows_1252(text)
        text = "\n".join(line if line.isascii() else ftfy.fix_text_segment(line, _CONFIG) for line in text.split("\n"))
    lossy = lost_bytes.found(text) if lossy is None else lossy
    if lossy or _EVIDENCE_GREEK.search(text):
        text = lost_bytes.repair(text) if lossy else text
        text = _sequences(text, _GREEK, _GREEK_BYTES, None).replace("β€", "”")
    return text


def tidy(text: str) -> str:
    """Newlines as `\\n`, no control characters, no trailing blanks, no three blank lines outside code."""
    text = (
        text.replace("\r\n", "\n")
        .replace("\r", "\n")
        .replace("\f", "\n")
        .replace("\u2028", "\n")
        .replace("\u2029", "\n")
    )
    text = _CONTROL.sub("", text).replace("\x85", "\n")
    lines: list[str] = []
    for line, code in fenced(line.rstrip(" \t\u00a0\v") for line in text.split("\n")):
        if line or code or lines[-2:] != ["", ""]:
            lines.append(line)
    return "\n".join(lines).strip("\n")


def _sequences(
    text: str, pattern: re.Pattern[str], codes: dict[str, list[int]], evidence: re.Pattern[str] | None
) -> str:
    if text.isascii() or (evidence and not evidence.search(text)):
        return text

    def decoded(match: re.Match[str]) -> str:
        return _reading([codes[char] for char in match.group()]) or match.group()

    return pattern.sub(decoded, text)


def _reading(codes: list[list[int]]) -> str:
    """The plausible character that the bytes spell; a usual one where a byte is ambiguous. Empty if there is none."""
    readings = []
    for spelled in product(*codes):
        try:
            readings.append(bytes(spelled).decode("utf-8"))
        except UnicodeDecodeError:
            continue
    plausible = [char for char in readings if _PLAUSIBLE.match(char) and unicodedata.category(char) != "Cn"]
    return next((char for char in plausible if char in _USUAL), plausible[0] if plausible else "")


def _lost_windows_1252(text: str) -> str:
    """Sequences of which Windows-1252 swallowed the last byte, or the second one of a mathematical letter."""
    text = re.sub(
        "\u00f0([\u201c\u201d\u2022\u2013\u2014\u2122\u02dc\u2019])([\u00a0-\u00bf\u0080-\u009f\u2018-\u201e\u0152-\u017e])",
        _mathematical,
        text,
    )
    text = re.sub("\u00e2\u02c6(?=[_^{\u2080-\u208e\u1d62])", "∏", text)
    text = re.sub("(?<= )\u00e2\u02c6(?= )", "∝", text)
    text = re.sub(r"\bÃ (?=\s?[a-z])", "à ", text)
    pairs = "|".join(sorted(_LOST_WINDOWS_1252, key=len, reverse=True))
    return re.sub(pairs, lambda match: _LOST_WINDOWS_1252[match.group()], text)


def _mathematical(match: re.Match[str]) -> str:
    return _reading([[0xF0], [0x9D], *(_WINDOWS_1252_BYTES.get(char, []) for char in match.groups())]) or match.group()
