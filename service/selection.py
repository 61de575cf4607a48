"""Which parts of the sources an answer quotes: the point first, what meets the question, nothing twice, to length."""

import re
from collections.abc import Sequence

from core.text import terms
from core.types import Length
from service.spans import SPOKEN, Group, Span, introduces

WORDS = {"brief": 90, "standard": 220, "deep": 480}
# A part joins the answer when it meets the question this well, relative to the best part of the first source: less well
# where the question is the one that the source as a whole answers, since then all of it bears on the question.
_RELATIVE_RELEVANCE, _AS_A_WHOLE = 0.8, 0.65
# A part of another source has to be nearly as good as the best of the first.
_OTHER_SOURCE = 0.88
# The unit's opening paragraph leads the answer to a question about a detail when it meets it this well.
_POINT = 0.9
# A brief answer is the source's spoken form where that meets the question this well, relative to the best part.
_SPOKEN = 0.92
# A span is a repetition when this share of its terms has been said.
_REPETITION = 0.8
_CODE = re.compile(r"\b(code|implement\w*|write|sql|python|numpy|pandas|from scratch|script)\b", re.IGNORECASE)


class Selection:
    """Takes parts of one source after another, best source first, within a budget of words."""

    def __init__(self, question: str, length: Length) -> None:
        self._length = length
        self._wants_code = length == "deep" or bool(_CODE.search(question))
        self._room = WORDS[length]
        self._said: set[str] = set()
        self._best = 0.0

    def take(self, parts: Sequence[Group], of_heading: float) -> list[Group]:
        """What to quote of a source: of the first, at least its opener; of others, only what adds to it.

        Where no part meets the question better than the source's title and question do (`of_heading`), the source as a
        whole answers it. A brief answer is then its spoken form, and also where that says it about as well.
        """
        first = not self._said
        body = [part for part in parts if part.section != SPOKEN and (self._wants_code or part.kind != "code")]
        best = max(body, key=lambda part: part.relevance, default=None)
        whole = first and (best is None or of_heading >= best.relevance)
        spoken = [part for part in parts if part.section == SPOKEN]
        if self._length == "brief" and first and spoken and (whole or _as_well(spoken, best)):
            return self._fitting(spoken, 0.0, must=True)
        if best is None:
            return []
        share = _OTHER_SOURCE if not first else _AS_A_WHOLE if whole else _RELATIVE_RELEVANCE
        self._best = max(self._best, best.relevance)
        leads = first and body[0].relevance >= (share if whole else _POINT) * best.relevance
        return self._led_by(body[0] if leads else best, body, self._best * share, must=first)

    def _led_by(self, opener: Group, body: Sequence[Group], floor: float, *, must: bool) -> list[Group]:
        """The opener, then what else clears the floor: taken by relevance, told in reading order."""
        others = sorted((part for part in body if part is not opener), key=lambda part: -part.relevance)
        kept = self._fitting([opener], floor, must=must)
        rest = self._fitting(others, floor, must=False)
        return [*kept, *sorted(rest, key=lambda part: part.spans[0].start)]

    def _fitting(self, parts: Sequence[Group], floor: float, *, must: bool) -> list[Group]:
        return [self._keep(fitting) for part in parts if (fitting := self._fit(part, floor, must=must))]

    def _keep(self, part: Group) -> Group:
        self._room -= part.length
        self._said.update(*(terms(span.text) for span in part.spans))
        return part

    def _fit(self, part: Group, floor: float, *, must: bool) -> Group | None:
        """A part without what has been said, cut to the room left: sentences from its start, list items by relevance.

        A list that was introduced is one thing and stays whole where it fits; of a loose one, only the items that bear
        on the question are kept. What `must` be kept is, at least its first sentence.
        """
        fresh = [span for span in part.spans if must or not self._repeats(span)]
        if part.kind == "item" and not part.introduction:
            fresh = [span for span in fresh if span.relevance >= floor]
        room = self._room - (part.introduction.length if part.introduction else 0)
        kept = _cut(fresh, room, part.kind) or (fresh[:1] if must else [])
        kept = [span for span, after in zip(kept, [*kept[1:], None], strict=False) if not _left_alone(span, after)]
        if not kept or not (must or max(span.relevance for span in kept) >= floor):
            return None
        return Group(part.section, kept, part.introduction)

    def _repeats(self, span: Span) -> bool:
        own = set(terms(span.text))
        return bool(own) and len(own & self._said) >= _REPETITION * len(own)


def _as_well(spoken: Sequence[Group], best: Group | None) -> bool:
    """Whether the spoken form meets the question about as well as any part of the body."""
    return best is None or max(part.relevance for part in spoken) >= _SPOKEN * best.relevance


def _left_alone(span: Span, after: Span | None) -> bool:
    """Whether what a span announces with a colon does not follow."""
    if span.kind == "item":
        return span.text.rstrip("*_ ").endswith(":") and not (after and after.depth > span.depth)
    return after is None and introduces(span)


def _cut(spans: list[Span], room: int, kind: str) -> list[Span]:
    kept: list[Span] = []
    for span in sorted(spans, key=lambda span: -span.relevance) if kind == "item" else spans:
        if span.length <= room:
            kept.append(span)
            room -= span.length
        elif kind != "item":
            break
    return sorted(kept, key=lambda span: span.start)
