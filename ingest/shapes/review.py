"""A written review of an interview whose headings were lost: one paragraph a line, the exchanges one after the other.

An exchange is a run of assessment, bullets and, quoted, a better answer. Its heading comes from its own words, and so
does that of each piece of advice in a section which announces how many there are.
"""

import re
from dataclasses import dataclass, field
from itertools import pairwise

from ingest.shapes.structured import Structured
from ingest.shapes.wording import headlines, quoted_question, telling_words

_CHROME = re.compile(
    r"(?:Index .*)?[«‹<]?\s*Previously\b.*|No comments:?|Post a Comment|Newer Post.*|Older Post|Home|Subscribe to:.*"
    r"|Email This.*|Share to .*|Posted by .*|Labels:.*|\d+ comments?:?",
    re.IGNORECASE,
)
_BULLET = re.compile(r"[-*•] ")
_SENTENCE_END = re.compile(r"[.!?…:;][\"”'’)]*$")
_ADVICE = re.compile(r"\b(?:improve|improvement|action|advice|recommend|next step)", re.IGNORECASE)
_NUMBERS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_REMARK_WORDS = 15


@dataclass(slots=True)
class Section:
    """A heading that survived and the paragraphs below it."""

    heading: str
    paragraphs: list[str] = field(default_factory=list)


def structured(text: str) -> Structured | None:
    """The review as Markdown, or `None` where the text has not this shape."""
    if re.search(r"^#{1,6} |^```", text, re.MULTILINE):
        return None
    paragraphs = _paragraphs(text)
    title, sections = _sections(paragraphs)
    if not any(len(_exchanges(section.paragraphs)) >= 2 for section in sections):
        return None
    parts = [f"# {title}"] if title else []
    for section in sections:
        parts += [f"## {section.heading}"] if section.heading else []
        parts += _body(section)
    return Structured(_joined(parts), title)


def _paragraphs(text: str) -> list[str]:
    """Lines without what a blog puts around them; a bullet cut in the middle is joined, two in one line are parted."""
    kept: list[str] = []
    for line in (line.strip() for line in text.split("\n")):
        if not line or _CHROME.fullmatch(line):
            continue
        if kept and _BULLET.match(kept[-1]) and not _BULLET.match(line) and _is_open(kept[-1], line):
            first, *others = re.split(r"(?<=[.!?][\"”)]) - (?=[A-Z])|(?<=[.!?]) - (?=[A-Z])", line)
            kept[-1] += " " + first
            kept += [f"- {other}" for other in others]
        else:
            kept.append(line)
    return kept


def _is_open(bullet: str, line: str) -> bool:
    return bullet.endswith(":") or (not _SENTENCE_END.search(bullet) and len(bullet) > 20 and bool(line))


def _sections(paragraphs: list[str]) -> tuple[str, list[Section]]:
    """The title, made of the short lines at the head, and the sections that short lines open."""
    head = 0
    while head < len(paragraphs) and _is_heading(paragraphs[head]):
        head += 1
    title = " — ".join(paragraphs[: max(head - 1, 1)]) if head else ""
    sections = [Section(paragraphs[head - 1] if head > 1 else "")]
    for paragraph in paragraphs[head:]:
        if _is_heading(paragraph):
            sections.append(Section(paragraph))
        else:
            sections[-1].paragraphs.append(paragraph)
    return title, sections


def _is_heading(paragraph: str) -> bool:
    words = paragraph.split()
    return len(words) <= 10 and not _SENTENCE_END.search(paragraph) and words[0][:1].isupper()


def _body(section: Section) -> list[str]:
    exchanges = _exchanges(section.paragraphs)
    if len(exchanges) >= 2:
        return _headed_exchanges(section.paragraphs, exchanges)
    intro, *advice = section.paragraphs or [""]
    if len(advice) >= 2 and (_announced(intro) == len(advice) or _ADVICE.search(section.heading)):
        return [
            intro,
            *(part for item, name in zip(advice, headlines(advice), strict=True) for part in (f"### {name}", item)),
        ]
    return section.paragraphs


def _exchanges(paragraphs: list[str]) -> list[list[str]]:
    """Paragraphs grouped by exchange; the paragraph before the first assessment, if any, is not among them."""
    kinds = [_kind(paragraph) for paragraph in paragraphs]
    if "bullet" not in kinds:
        return []
    start = 1 if kinds[:2] == ["plain", "plain"] else 0
    groups: list[list[str]] = []
    for number in range(start, len(paragraphs)):
        if number == start or _opens(paragraphs, kinds, number):
            groups.append([])
        groups[-1].append(paragraphs[number])
    return groups


def _opens(paragraphs: list[str], kinds: list[str], number: int) -> bool:
    """Whether an assessment begins here: after bullets or a better answer, unless it is a remark on that answer."""
    if kinds[number] != "plain":
        return False
    if kinds[number - 1] == "plain":
        return number > 1 and kinds[number - 2] == "quote" and _is_remark(paragraphs[number - 1])
    return not (
        kinds[number - 1] == "quote" and kinds[number + 1 : number + 2] == ["plain"] and _is_remark(paragraphs[number])
    )


def _is_remark(paragraph: str) -> bool:
    return len(paragraph.split()) <= _REMARK_WORDS


def _kind(paragraph: str) -> str:
    if _BULLET.match(paragraph):
        return "bullet"
    return "quote" if paragraph[0] in '"“' and paragraph.rstrip()[-1] in '"”' else "plain"


def _headed_exchanges(paragraphs: list[str], exchanges: list[list[str]]) -> list[str]:
    parts = paragraphs[: len(paragraphs) - sum(map(len, exchanges))]
    telling = telling_words([" ".join(exchange) for exchange in exchanges])
    for number, (exchange, words) in enumerate(zip(exchanges, telling, strict=True), 1):
        asked = next((asked for part in exchange if _kind(part) != "quote" and (asked := quoted_question(part))), "")
        parts.append(f"### {asked or f'Exchange {number}: {words}'}")
        parts += [f"> {part}" if _kind(part) == "quote" else part for part in exchange]
    return parts


def _joined(parts: list[str]) -> str:
    """Paragraphs with a blank line between them, bullets without."""
    pairs = pairwise([*parts, ""])
    return "".join(
        part + ("\n" if _BULLET.match(part) and _BULLET.match(after) else "\n\n") for part, after in pairs
    ).strip()


def _announced(intro: str) -> int:
    """How many items a sentence announces: `Six targeted actions, ordered by impact.`"""
    first = intro.split(" ", 1)[0].lower()
    if first.isdecimal() and len(first) < 3:
        return int(first)
    return _NUMBERS.index(first) if first in _NUMBERS else 0
