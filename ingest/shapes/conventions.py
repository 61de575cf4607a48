"""Questions that people mark without headings: `Q:` and `A:`, `Question 5:`, bold questions, numbered questions."""

import re

from ingest.fences import fenced
from ingest.shapes.numbering import is_numbered_question
from ingest.shapes.structured import spaced

_HEADING = re.compile(r"(#{1,6}) ")
_LETTER = re.compile(r"\*{0,2}(?:Q|Question)\s*[:.)]\s*\*{0,2}\s*(\S.*)", re.IGNORECASE)
_ANSWER = re.compile(r"\*{0,2}(?:A|Ans|Answer)\s*\d*\s*[:.)]\*{0,2}\s*(.*)", re.IGNORECASE)
_BOLD = re.compile(r"(?:\d{1,3}[.)] +)?(?:\*\*|__)(?:\d{1,3}[.)] *)?(.{3,300}?\?)(?:\*\*|__)\s*(.*)")
_EMPHASISED = re.compile(r"(?:\*\*|__)([^*]{3,300})(?:\*\*|__)")
_LISTED = re.compile(r"(\d{1,3})[.)] +(.{3,300}?\?)(?:\s+(\S.*))?")
_QUOTED = re.compile(r"[“\"]([^“”\"]{3,200}[?.])[”\"]\s+(\S.*)")
_INLINE = re.compile(r"((?:Q|Question)\s*\d+\s*[:.)] *.{3,200}?\?)(?:\s+(\S.*))?", re.IGNORECASE)
_LEADING = re.compile(r"\*{0,2}Interviewer\s*:\s*\*{0,2}\s*(\S.*)", re.IGNORECASE)
_ANSWERED = re.compile(r"(.*\S)\s+\*{0,2}(?:A|Ans|Answer)\s*:\*{0,2}\s+(\S.*)")
_ALONE = re.compile(r"(?:Q|Question)\s*\d+\s*[:.)]?", re.IGNORECASE)
_SHORT, _LONGEST = 400, 5_000


def as_headings(text: str) -> str:
    """The text with such questions as headings, one level below the heading that they stand under."""
    lines = _rejoined(text.split("\n"))
    done: list[str] = []
    level, quotes = 1, _quoted_questions(lines)
    for number, (line, code) in enumerate(fenced(lines)):
        if code:
            done.append(line)
            continue
        if heading := _HEADING.match(line):
            level = len(heading.group(1))
        elif found := _question(line, lines, number, quotes):
            question, answer = found
            done += ["", f"{'#' * min(level + 1, 6)} {question}", "", *([answer] if answer else [])]
            continue
        elif (answered := _ANSWER.fullmatch(line.strip())) and _follows_question(done):
            line = answered.group(1)
        done.append(line)
    return spaced(done) if done != lines else text


def _rejoined(lines: list[str]) -> list[str]:
    """`Question 5:` alone on its line, with the question that follows it."""
    joined: list[str] = []
    for line in lines:
        if joined and line.strip() and _ALONE.fullmatch(joined[-1].strip()):
            joined[-1] = f"{joined[-1].strip().rstrip(':.)')}: {line.strip()}"
        else:
            joined.append(line)
    return joined


def _question(line: str, lines: list[str], number: int, quotes: dict[int, int]) -> tuple[str, str] | None:
    stripped = line.strip()
    if not stripped or len(line) - len(line.lstrip()) > 3 or len(line) > 50_000:
        return None
    head = stripped[:_SHORT]
    if number in quotes and (match := _QUOTED.fullmatch(stripped)):
        return f"Question {quotes[number]}: {match.group(1)}", match.group(2)
    if is_numbered_question(head):
        if match := _INLINE.fullmatch(stripped):
            return match.group(1), match.group(2) or ""
        return (stripped, "") if len(stripped) <= 300 and _starts_paragraph(lines, number) else None
    if match := _LETTER.fullmatch(stripped) or _LEADING.fullmatch(stripped):
        asked, answer = _parted(match.group(1).strip("*"))
        return (f"Q: {asked}", answer) if len(asked) <= 1_000 else None
    if match := _BOLD.fullmatch(stripped):
        return match.group(1), match.group(2)
    if (match := _EMPHASISED.fullmatch(stripped)) and is_numbered_question(match.group(1)):
        return match.group(1), ""
    if (match := _LISTED.fullmatch(stripped)) and _has_answer(match.group(3), lines, number):
        return f"Q{match.group(1)}: {match.group(2)}", match.group(3) or ""
    return None


def _parted(words: str) -> tuple[str, str]:
    """`question A: answer` on one line."""
    match = _ANSWERED.fullmatch(words[:_LONGEST])
    return (match.group(1), match.group(2) + words[_LONGEST:]) if match else (words, "")


def _quoted_questions(lines: list[str]) -> dict[int, int]:
    """Lines `“question” answer`, numbered, where at least three follow each other."""
    runs: list[list[int]] = [[]]
    for number, line in enumerate(lines):
        if line.strip() and len(line) <= 2_000 and _QUOTED.fullmatch(line.strip()):
            runs[-1].append(number)
        elif line.strip():
            runs.append([])
    return {number: place for run in runs if len(run) >= 3 for place, number in enumerate(run, 1)}


def _starts_paragraph(lines: list[str], number: int) -> bool:
    return number == 0 or not lines[number - 1].strip()


def _has_answer(inline: str | None, lines: list[str], number: int) -> bool:
    """A numbered question is a unit if a paragraph follows it; questions one after the other are a list of them."""
    if inline:
        return True
    following = next((line for line in lines[number + 1 :] if line.strip()), "")
    return bool(following) and not re.match(r"\s*(?:\d{1,3}[.)]|#|[-*] .*\?$)", following)


def _follows_question(done: list[str]) -> bool:
    last = next((line for line in reversed(done) if line.strip()), "")
    return bool(_HEADING.match(last)) or bool(re.match(r"\*{0,2}Q", last))
