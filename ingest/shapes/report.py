"""A report in plain text whose sections stand between rules: `=====`, a title, `=====`, then the body.

A section titled `QUESTION n` begins with the question that was asked; `Label:` lines inside become sub-headings.
"""

import re
from collections.abc import Iterator

from ingest.raw import slug
from ingest.shapes.structured import Structured

_RULE = re.compile(r"[=#*~]{5,}|[-_]{20,}")
_QUESTION = re.compile(r"(?:QUESTION|Q)\s*(\d+)\b[\s:.)-]*(.*)", re.IGNORECASE)
_LABEL = re.compile(r"([A-Z][A-Za-z'’/-]*(?: [A-Za-z'’/-]+){0,4}):[ ]*(.*)")
_SCORE = re.compile(r"(?:\w+ )?(?:score|rating|grade|marks?)$", re.IGNORECASE)


def structured(text: str) -> Structured | None:
    """The report as Markdown, or `None` where the text has not this shape."""
    sections = list(_sections(text.split("\n")))
    if sum(bool(title) for title, _ in sections) < 3:
        return None
    head, *rest = sections
    title = " ".join(_capitalised(head[0]).split())
    role = next((value for line in head[1] for label, value in [_pair(line)] if label.lower() == "role"), "")
    parts = [f"# {title}", *_body(head[1], 2)] if title else _body(head[1], 2)
    for heading, lines in rest:
        parts += _question(heading, lines) if _QUESTION.match(heading) else _section(heading, lines)
    return Structured(
        "\n\n".join(part for part in parts if part),
        title=f"{title}: {role}" if title and role else title,
        tags={"role": (slug(role),)} if role else {},
    )


def _sections(lines: list[str]) -> Iterator[tuple[str, list[str]]]:
    """Title and lines of every section; lines before the first title have none, a rule alone separates nothing."""
    title: str = ""
    body: list[str] = []
    position = 0
    while position < len(lines):
        if _is_rule(lines, position) and _is_rule(lines, position + 2) and lines[position + 1].strip():
            if title or any(line.strip() for line in body):
                yield title, body
            title, body = lines[position + 1].strip(), []
            position += 3
            continue
        if not _is_rule(lines, position):
            body.append(lines[position])
        position += 1
    yield title, body


def _is_rule(lines: list[str], position: int) -> bool:
    return position < len(lines) and bool(_RULE.fullmatch(lines[position].strip()))


def _question(heading: str, lines: list[str]) -> list[str]:
    match = _QUESTION.match(heading)
    assert match is not None
    number, name = match.groups()
    asked: list[str] = []
    rest = list(lines)
    while rest and not _LABEL.fullmatch(rest[0]):
        asked.append(rest.pop(0))
    question = " ".join(" ".join(asked).split())
    if not question:
        return [f"## Question {number}: {name or number}", *_body(rest, 3)]
    return [f"## Question {number}: {question}", f"*{name}*" if name else "", *_body(rest, 3)]


def _section(heading: str, lines: list[str]) -> list[str]:
    return [f"## {_capitalised(heading)}", *_body(lines, 3)]


def _body(lines: list[str], level: int) -> list[str]:
    """Blocks of a section: a label alone on its line is a heading, so is a score; pairs in a row are a list."""
    blocks: list[str] = []
    paragraph: list[str] = []

    def close() -> None:
        if paragraph:
            pairs = all(_pair(line)[1] for line in paragraph)
            blocks.append("\n".join(f"- {line}" if pairs and len(paragraph) > 1 else line for line in paragraph))
            paragraph.clear()

    scores = sum(bool(_SCORE.fullmatch(_pair(line)[0])) for line in lines)
    for line in lines:
        label, value = _pair(line)
        if label and not value and not line.startswith((" ", "\t", "-")):
            close()
            blocks.append(f"{'#' * level} {_capitalised(label)}")
        elif value and scores == 1 and _SCORE.fullmatch(label):
            close()
            blocks += ["#" * level + " Score", line.strip()]
        elif line.strip():
            paragraph.append(re.sub(r"^\s*[-*•] +", "- ", line) if re.match(r"\s*[-*•] ", line) else line.strip())
        else:
            close()
    close()
    return blocks


def _pair(line: str) -> tuple[str, str]:
    match = _LABEL.fullmatch(line.strip())
    return (match.group(1), match.group(2).strip()) if match else ("", "")


def _capitalised(words: str) -> str:
    words = words.lower() if words.isupper() else words
    return words[:1].upper() + (words[1:].lower() if words.istitle() else words[1:])
