"""Mock interviews in Markdown: a topic as heading, then `**Interviewer:** "…"`, then a labelled answer.

The heading becomes the question that was asked, the labels go, and prose that stands in a fence becomes text.
"""

import re

from ingest.shapes.structured import spaced

_HEADING = re.compile(r"(#{1,6}) +(.*)")
_ASKED = re.compile(r"\*{0,2}(?:Interviewer|Question|Prompt|Q)\s*:\s*\*{0,2}:?\s*(?=\S)(.+)", re.IGNORECASE)
_LABEL = re.compile(
    r"\*{0,2}(?:(?:Ideal|Model|Sample|Strong|Good|Expected|Suggested|Reference|Best)\s+)?(?:Answer|Solution|Response)"
    r"\s*:?\s*\*{0,2}\s*:?",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"((?:Q|Question|Problem|Exercise|Scenario)\s*\d+)\s*[:.)-]*\s*(.*)", re.IGNORECASE)
_FENCE = re.compile(r"([ \t]*)(`{3,}|~{3,})[ \t]*(\S*)[ \t]*$")
_SENTENCE = re.compile(r"(?:\S+\s+){5,}\S.*[.:!?]$|(?:\d+[.)] )?[A-Z][\w -]{2,60}:$")
_CODE_LINE = re.compile(
    r"\s*(?:def|class|import|from|return|for|while|if|print|SELECT|#include|\$|>>>)\b.*[:;(){}=]|.*[;{]$|\s*[})\]]+;?$|.*[\u2500-\u257f]"
)


def as_headings(text: str) -> str:
    """The transcript with questions as headings and answers as text."""
    lines = text.split("\n")
    if not any(_ASKED.fullmatch(line.strip()) for line in lines):
        return text
    return spaced(_unfenced(_asked(lines)))


def _asked(lines: list[str]) -> list[str]:
    done: list[str] = []
    fence = ""
    heading: int | None = None
    for line in lines:
        marker = _FENCE.match(line)
        if marker and (not fence or marker.group(0).rstrip() == fence):
            fence = "" if fence else marker.group(1) + marker.group(2)
            done.append(line)
            continue
        asked = None if fence else _ASKED.fullmatch(line.strip())
        if found := None if fence else _HEADING.fullmatch(line):
            heading = len(done)
        if asked and heading is not None and not any(step.strip() for step in done[heading + 1 :]):
            done[heading:] = _question(done[heading], _unquoted(asked.group(1)))
            heading = None
        elif not fence and _LABEL.fullmatch(line.strip()):
            done.append("")
        else:
            if line.strip() and not found:
                heading = None
            done.append(line)
    return done


def _question(heading: str, question: str) -> list[str]:
    match = _HEADING.fullmatch(heading)
    assert match is not None
    level, words = match.groups()
    numbered = _NUMBER.fullmatch(words)
    number, topic = numbered.groups() if numbered else ("Question", words)
    return [f"{level} {number}: {question}", "", f"*Topic: {topic}*" if topic else "", ""]


def _unquoted(words: str) -> str:
    words = words.strip().strip("*").strip()
    return words[1:-1].strip() if words[:1] in '"“' and words[-1:] in '"”' else words.strip('"“”')


def _unfenced(lines: list[str]) -> list[str]:
    """The lines, with unlabelled fences around prose removed; a fence inside one, indented, stays."""
    done: list[str] = []
    position = 0
    while position < len(lines):
        marker = _FENCE.match(lines[position])
        if not marker:
            done.append(_part(lines, position))
            position += 1
            continue
        close = marker.group(1) + marker.group(2)
        end = next((at for at in range(position + 1, len(lines)) if lines[at].rstrip() == close), len(lines))
        inside = lines[position + 1 : end]
        if not marker.group(3) and is_prose(inside):
            done += ["", *inside, ""]
        else:
            done += lines[position : end + 1]
        position = end + 1
    return done


def _part(lines: list[str], position: int) -> str:
    """`**Explanation:**` before a fence is a heading of its unit."""
    label = re.fullmatch(r"\*\*([A-Z][\w ,/&-]{2,60}):\*\*", lines[position].strip())
    fenced = position + 1 < len(lines) and _FENCE.match(lines[position + 1])
    return f"#### {label.group(1)}" if label and fenced else lines[position]


def is_prose(lines: list[str]) -> bool:
    """Whether the lines of a fence, beginning with a sentence, are text and formulas, not code or a drawing."""
    full = [line for line in lines if line.strip()]
    code = sum(bool(_CODE_LINE.match(line)) for line in full)
    return len(full) >= 2 and bool(_SENTENCE.match(full[0])) and code <= 0.1 * len(full)
