"""Does a text support a statement? The service's own verifier, asked about contexts of any length.

A verifier reads a short context. A long one is cut into windows of whole lines; the few windows that share most words
with the statement are read, and the best score counts.
"""

import re
from collections.abc import Iterator

from core.sentences import sentence_spans
from core.text import terms, words
from service.grounding import Verifier
from service.verbatim import is_verbatim

_WINDOW_WORDS = 110
_WINDOWS_READ = 3


def support(verifier: Verifier, statement: str, context: str) -> float:
    """How far a context supports all of a statement, in [0, 1]; 1 where it holds these very words."""
    if is_verbatim(statement, context):
        return 1.0
    own = set(terms(statement))
    likely = sorted(windows(context), key=lambda window: -len(own & set(terms(window))))[:_WINDOWS_READ]
    return max(verifier.score(statement, likely), default=0.0)


def supported(verifier: Verifier, statement: str, context: str) -> bool:
    """Whether it supports the statement, by the verifier's own threshold."""
    return support(verifier, statement, context) >= verifier.threshold


def windows(context: str) -> Iterator[str]:
    """Consecutive lines of up to so many words together; a longer line stands alone."""
    held: list[str] = []
    for line in filter(str.strip, context.splitlines()):
        if held and len(" ".join([*held, line]).split()) > _WINDOW_WORDS:
            yield "\n".join(held)
            held = []
        held.append(line)
    if held:
        yield "\n".join(held)


def statements_of(text: str) -> list[str]:
    """The sentences and list items of a text as statements; markers, headings, tables' rules and code are left out."""
    found = []
    for line in _prose(text).splitlines():
        bare = re.sub(r"^\s*(?:[-*+•>]|\d+[.)])\s+", "", line)
        found += [_plain(bare[start:end]) for start, end in sentence_spans(bare, 0, len(bare))]
    return [statement for statement in found if len(words(statement)) > 2]


def _prose(text: str) -> str:
    return re.sub(r"```.*?```|\$\$.*?\$\$|^#+ .*$|^\s*\|[-:| ]+\|\s*$", "", text, flags=re.DOTALL | re.MULTILINE)


def _plain(sentence: str) -> str:
    return " ".join(re.sub(r"\[\d+\]|\*\*|__", "", sentence).split())
