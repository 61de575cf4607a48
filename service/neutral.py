"""Untrusted text made harmless for a reader's screen: no links, images, HTML or foreign addresses, no false markers.

What a sentence says is left alone; what a browser or terminal would act upon is taken out. An address stays, as code,
where the very same one stands in a cited quote, and so does code.
"""

import re
from collections.abc import Sequence

from core.text import visible

_CODE = re.compile(r"(```.*?(?:```|\Z)|`[^`\n]+`)", re.DOTALL)
# What may repeat is bounded or begins in one place alone: no text takes quadratic time. An address whose link is too
# long to be one is still taken out as an address.
_TARGET = (
    r"\(\s{0,9}(?:<[^>\n]{0,2000}>|(?:[^\s()]|\([^\s()]{0,500}\)){0,2000})"
    r"(?:\s{1,9}(?:\"[^\"]{0,500}\"|'[^']{0,500}'|\([^()]{0,500}\)))?\s{0,9}\)"
)
_LINK = re.compile(rf"!?\[((?:[^\[\]]|\[[^\[\]]{{0,500}}\]){{0,2000}})\]{_TARGET}")
# What is left of a link whose other half stood elsewhere; apart, the halves never make one.
_UNFINISHED = re.compile(r"\]\((?=\s{0,99}(?:h|/|www\.))", re.IGNORECASE)
_IMAGE = re.compile(r"!\[((?:[^\[\]\n]|\[[^\[\]\n]{0,100}\]){0,300})\](?:\[[^\[\]\n]{0,300}\])?")
_DEFINITION = re.compile(r"^[ \t]*\[[^\]\n]+\]:[ \t]*\S+.*$", re.MULTILINE)
_HIDDEN = re.compile(
    r"<!--.*?(?:-->|\Z)|<(script|style|iframe|object|svg)\b.*?(?:</\1\s*>|\Z)", re.DOTALL | re.IGNORECASE
)
_TAGS = (
    "a abbr address applet area article aside audio b base blink body br button canvas center code details div dl dt "
    "em embed font footer form frame frameset h1 h2 h3 h4 h5 h6 head header hr html i iframe img input ins kbd label "
    "li link main map marquee math meta nav object ol option p param picture pre s script section select small source "
    "span strong style sub summary sup svg table tbody td template textarea th thead title tr track u ul video"
)
_TAG = re.compile(
    rf"<(?:/[a-z][^<>]*|(?:{'|'.join(_TAGS.split())})(?:\s[^<>]*)?/?)>|<[a-z][\w-]*\s[^<>=]*=[^<>]*>", re.IGNORECASE
)
_OPENING = re.compile(r"<(?=[a-z/!?|])", re.IGNORECASE)
_HOST = r"(?:[\w-]{1,63}\.){1,126}[a-z]{2,63}"
_ADDRESS = re.compile(
    r"(?<![\w@])(?:[a-z][a-z0-9+.-]{1,20}:/{1,3}|(?:https?|ftp|wss?|file):(?:[\\/]{1,9}|(?=[\w-]{1,63}\.[a-z]))|"
    r"(?:javascript|vbscript|data|mailto|tel):|www\.|//(?=[\w-]{1,63}\.))[^\s<>\"`|]+"
    rf"|(?<![\w@.-]){_HOST}/[^\s<>\"`|]*|[\w.+-]{{1,64}}@{_HOST}",
    re.IGNORECASE,
)
# The place of an address that was taken out, a character no text has then, and what only led to it or held it.
_GAP = "\0"
_LED = rf"(?:\b(?:see(?: also)?|cf\.|via|source):? )?(?:`{_GAP}`|<{_GAP}>|{_GAP})"
_GAPS = re.compile(rf" ?(?:\({_LED}(?:[,;] {_LED}){{0,9}}\)|(?:[—–-] )?{_LED})")
_TRAILING = ".,;:!?)]}'’”*_"
_NUMBER = re.compile(r"\[\s*(\d+(?:\s*[,;–-]\s*\d+)*)\s*\]")


def neutral(text: str, quotes: Sequence[str] = ()) -> str:
    """A sentence as it may be shown beside the quotes it cites."""
    parts = _CODE.split(visible(text))
    shown = (part if n % 2 and _quoted(part, quotes) else _plain(part, quotes) for n, part in enumerate(parts))
    return _GAPS.sub("", "".join(shown)).strip()


def unhidden(text: str) -> str:
    """A text without comments, scripts and the like, which no reader of the page sees."""
    return _HIDDEN.sub("", text) if "<" in text else text


def _quoted(code: str, quotes: Sequence[str]) -> bool:
    return any(code in quote for quote in quotes)


def _plain(text: str, quotes: Sequence[str]) -> str:
    text = unhidden(_DEFINITION.sub("", text))
    for _ in range(3):  # an image inside a link inside a link
        text = _LINK.sub(r"\1", text)
    text = _TAG.sub("", _IMAGE.sub(r"\1", text))
    known = {address for quote in quotes for address in addresses(quote)}
    text = _ADDRESS.sub(lambda found: _address(found.group(), known), text)
    text = _NUMBER.sub(r"(\1)", _OPENING.sub("< ", text))
    return "".join(part if part.strip("`") in known else _defused(part) for part in _CODE.split(text))


def _defused(text: str) -> str:
    """Halves of links and addresses, which their other halves may follow: set apart."""
    return _UNFINISHED.sub("] (", text.replace("://", ": //"))


def addresses(text: str) -> list[str]:
    """The addresses in a text, without the punctuation after them."""
    return [_bare(found.group()) for found in _ADDRESS.finditer(text)]


def _address(found: str, known: set[str]) -> str:
    address = _bare(found)
    return ("`" + address + "`" if address in known else _GAP) + found[len(address) :]


def _bare(address: str) -> str:
    """An address without the punctuation after it; a closing bracket belongs to one that it opened."""
    end, unclosed = len(address), address.count("(") - address.count(")")
    while end and address[end - 1] in _TRAILING:
        if address[end - 1] == ")":
            if unclosed >= 0:
                break
            unclosed += 1
        end -= 1
    return address[:end]
