"""The ways in which language models cite passages, read as numbers and taken out with what only holds them."""

import re

from core.text import visible

_CODE = re.compile(r"(`[^`\n]+`)")
# Brackets that look like [ and ], and the digits' full-width forms.
_LOOKALIKES = str.maketrans("［］【】〔〕⟦⟧⁅⁆❲❳〚〛０１２３４５６７８９", "[]" * 7 + "0123456789")
_NAME = r"(?:(?:passages?|sources?|citations?|refs?\.?|no\.?|\#)\s{0,3})"
_NUMBERS = rf"{_NAME}{{0,2}}\d{{1,9}}(?:\s{{0,3}}(?:[,;&–-]|and)\s{{0,3}}{_NAME}{{0,2}}\d{{1,9}}){{0,49}}"
_INNER = rf"\s{{0,3}}\^?{_NAME}{{0,2}}\^?{_NUMBERS}(?:†[^\[\]]{{0,99}})?\s{{0,3}}"
# A link on a number leads to an address or a place; any other bracket after it is a call, as in `f[2](x)`.
_LINKED = r"(?:\((?:https?:|www\.|[#/])[^\s()]{0,300}\)|(?!\())"
_BRACKET = rf"(?:\[\[{_INNER}\]\]|\[{_INNER}\]){_LINKED}"
_CLUSTER = rf"{_BRACKET}(?:\s{{0,3}}(?:[,;&–-]|and)?\s{{0,3}}{_NAME}{{0,2}}{_BRACKET}){{0,19}}"
_GROUP = rf"(?:\(\s{{0,3}}(?:(?:see|cf\.)\s)?{_NAME}{{0,2}}:?\s{{0,3}}{_CLUSTER}\s{{0,3}}\)|{_CLUSTER})"
# White space is looked at from its beginning alone: no run of it takes quadratic time.
_MARKER = re.compile(
    rf"(?<!\s)\s*(?:(?P<mark>[*_]{{1,3}}){_GROUP}(?P=mark)|<sup>{_GROUP}</sup>|{_GROUP})", re.IGNORECASE
)
_TARGET = re.compile(r"\]\([^()]*\)|†[^\]]*")
_LATE = re.compile(r"([.!?…]{1,9}[\"'”’)*_]{0,9})((?:\s?\[\d{1,9}(?:, \d{1,9})*\])+)")
_WIDEST_RANGE = 20


def read(text: str) -> tuple[str, tuple[int, ...]]:
    """A text without its markers, and the numbers they hold; code keeps what only looks like one."""
    numbers: list[int] = []
    parts = _parts(text)
    for n in range(0, len(parts), 2):
        for marker in _MARKER.finditer(parts[n]):
            numbers += _listed(marker.group())
        parts[n] = _MARKER.sub("", parts[n])
    return "".join(parts).strip(), tuple(dict.fromkeys(numbers))


def tidy(text: str) -> str:
    """Markers in one form, and those after a full stop before it, where they belong to the sentence that ends there."""
    text = "".join(
        part if n % 2 else _MARKER.sub(lambda found: f" [{', '.join(map(str, _listed(found.group())))}]", part)
        for n, part in enumerate(_parts(text))
    )
    return _LATE.sub(r"\2\1", text)


def _parts(text: str) -> list[str]:
    """What is no code, and code, in turn."""
    return _CODE.split(visible(text).translate(_LOOKALIKES))


def _listed(marker: str) -> list[int]:
    """`[1, 3-5]` to 1, 3, 4, 5; a range that is too wide to be meant gives its ends."""
    found: list[int] = []
    for part in re.split(r"[],;&[]|and", _TARGET.sub("]", marker.lower())):
        ends = [int(number) for number in re.findall(r"\d+", part)]
        if len(ends) == 2 and 0 < ends[1] - ends[0] < _WIDEST_RANGE:
            found += range(ends[0], ends[1] + 1)
        else:
            found += ends
    return found
