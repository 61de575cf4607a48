"""UTF-8 read as ISO-8859-7 whose bytes 0x80–0x9F are lost: an em dash, an arrow and a line of a box all are `β`.

In such a text every real Greek letter is damaged as well (`Ξ²`), so a bare `β` never is one. It becomes what reads the
same whatever stood there: a dash between words, an arrow in a chain, a line in a drawing.
"""

import re
from itertools import groupby
from operator import itemgetter

from ingest.fences import fenced

_GLUED = re.compile(
    r"(?<=[A-Za-z]{2})β(?=[A-Za-z]{2})|(?<=\*\*)β(?=[A-Za-z]{2})|(?<=[\"”])β(?=[A-Za-z]{2})|(?<=\*\*) β (?=[A-Z][a-z])"
)
_WALL = re.compile("β{6,}|^βββ(?= )", re.MULTILINE)
_SUSPECT = re.compile("[βΓπ]")
_EMOJI = re.compile("π[\u2018\u2019\u2015\u00a3-\u00bf\u0384-\u038f]{0,2}(?!\\w) ?")
_MARK = re.compile(r"^(\s*(?:[-*] )?)β (?=[\"“A-Z])")
_SPACED = re.compile(r"(?<=\S) β (?=\S)")
_CHAIN = re.compile(r"(?<![*]) β [^.;:!?β|]{1,80} β ")
_BRANCH = re.compile("^((?:β )*[ ]*(?:β )*)βββ(?= |$)")
_STEM = re.compile("[ ]*(?:β )+")
_BORDER = re.compile("β[β¬ΌΊ΄€]{2,}")
_JOINTS = (("β¬", "┬"), ("β΄", "┴"), ("β€", "┤"), ("βΊ", "►"))


def found(text: str) -> bool:
    """Whether the text shows this damage."""
    return "β" in text and bool(_GLUED.search(text) or _WALL.search(text))


def repair(text: str) -> str:
    """The text with every bare `β` read by its place; what no place explains is left."""
    # Of what ends in the byte 0x85, which is a line break to many tools, only the check mark is in common use.
    text = re.sub("β\x85 *", "✅ ", text)
    paired = "✅" in text
    done: list[str] = []
    for code, group in groupby(fenced(text.split("\n")), key=itemgetter(1)):
        lines = [line for line, _ in group]
        done += _drawing(lines) if code else [_prose(_marked(line, paired)) for line in lines]
    return "\n".join(done)


def _marked(line: str, paired: bool) -> str:
    """A mark before a line or list item: the counterpart of a check mark where there are such, else nothing certain."""
    return _MARK.sub(r"\1❌ " if paired else r"\1", line)


def _prose(line: str) -> str:
    if not _SUSPECT.search(line):
        return line
    line = _EMOJI.sub("", line) if re.match("#+ π", line) else line
    line = re.sub(r"(?<=\d)Γ|Γ(?=[ \d]|$)", "×", line)
    line = re.sub(r"(?<=\d)β(?=\d)", "–", line)
    line = re.sub(r"(?<=\d)(%?) β (?=\d+%)", r"\1 → ", line)
    line = _SPACED.sub(" → " if _CHAIN.search(line) else " — ", line)
    line = re.sub(r"(?<=\S) β$", "", line)
    return re.sub(r"(?<=[\w*\"”').])β(?=[\w*\"“'(])", "—", line)


def _drawing(lines: list[str]) -> list[str]:
    """Trees and boxes whose blanks are lost too: lines and corners come back, widths do not."""
    boxed = any(_BORDER.search(line) and len(line) > 8 and not _BRANCH.match(line) for line in lines)
    drawn = []
    for before, line, after in zip(["", *lines], lines, [*lines[1:], ""], strict=False):
        if branch := _BRANCH.match(line):
            last = not after.startswith(branch.group(1) + "β")
            drawn.append(branch.group(1).replace("β", "│") + ("└──" if last else "├──") + _prose(line[branch.end() :]))
        elif boxed and "β" in line:
            drawn.append(_boxed(line, before, after))
        elif not line.strip(" β?"):
            drawn.append(line.replace("β", "│"))
        else:
            stem = _STEM.match(line)
            at = stem.end() if stem else 0
            drawn.append(line[:at].replace("β", "│") + _prose(line[at:]))
    return drawn


def _boxed(line: str, before: str, after: str) -> str:
    fork = "βΌ" in line and not after.strip(" β") and bool(after.strip())
    top = fork or (_has_words(after) and not _has_words(before))

    def border(match: re.Match[str]) -> str:
        run = match.group()
        for damaged, drawn in (("βΌ", "┼" if fork else "▼"), *_JOINTS):
            run = run.replace(damaged, drawn)
        run = run.replace("β", "─")
        if run.endswith("►"):
            return run
        if run.endswith("┤"):
            return "├" + run[1:]
        return f"┌{run[1:-1]}┐" if top else f"└{run[1:-1]}┘"

    return _BORDER.sub(border, line).replace("β’", "•").replace("β", "│")


def _has_words(line: str) -> bool:
    return line.lstrip().startswith("β") and bool(re.search(r"\w", line.replace("β", "").replace("Ό", "")))
