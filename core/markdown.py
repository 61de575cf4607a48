"""The block structure of a Markdown text as offsets into it: headings, paragraphs, items, tables, code, formulas."""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from markdown_it import MarkdownIt
from markdown_it.token import Token

BlockKind = Literal["heading", "paragraph", "item", "code", "table", "formula", "quote", "rule"]
# Only blocks are wanted; inline rules take quadratic time on a line of brackets.
_PARSER = MarkdownIt("commonmark").enable("table").disable("inline")
_KINDS: dict[str, BlockKind] = {
    "paragraph_open": "paragraph",
    "fence": "code",
    "code_block": "code",
    "table_open": "table",
    "blockquote_open": "quote",
    "hr": "rule",
    "html_block": "paragraph",
}
# Code, what is read as it stands (a formula, a name like `__init__`), emphasis. Bounded: no line takes quadratic time.
_INLINE = re.compile(
    r"(?<!`)(?P<ticks>`+)(?!`)(?P<code>.{1,300}?)(?<!`)(?P=ticks)(?!`)"
    r"|\$(?=\S)[^$]{1,300}(?<=\S)\$|__[a-z_]+__"
    r"|(?<![\w\\*])(?P<mark>(?P<sign>[*_])(?P=sign){0,2})(?!\s|(?P=sign))"
    r"(?P<words>.{1,300}?)(?<!\s)(?P=mark)(?!\w|(?P=sign))"
)
_FORMULA = re.compile(r"\$\$.+?\$\$|\\\[.+?\\\]", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Block:
    """`text[start:end]`, trailing white space excluded; `depth` is a heading's level or a list item's nesting."""

    kind: BlockKind
    start: int
    end: int
    depth: int = 0
    heading: str = ""


@lru_cache(maxsize=16)
def blocks(text: str) -> tuple[Block, ...]:
    """The blocks of a text in order. List items come one by one, everything else at the top level of the text."""
    lines = [0, *(newline.end() for newline in re.finditer("\n", text)), len(text)]
    found: list[Block] = []
    tokens = _PARSER.parse(text)
    nesting = 0
    for position, token in enumerate(tokens):
        if token.type in ("bullet_list_open", "ordered_list_open"):
            nesting += 1
        elif token.type in ("bullet_list_close", "ordered_list_close"):
            nesting -= 1
        block = _block(tokens, position, nesting)
        if block and token.map:
            start = lines[token.map[0]]
            end = lines[min(_own_end(tokens, position), len(lines) - 1)]
            body = text[start:end].rstrip()
            if body.strip():
                indent = len(body) - len(body.lstrip())
                kind: BlockKind = "formula" if block == "paragraph" and _FORMULA.fullmatch(body.strip()) else block
                heading = tokens[position + 1].content if kind == "heading" else ""
                depth = int(token.tag[1]) if kind == "heading" else nesting
                found.append(Block(kind, start + indent, start + len(body), depth, heading))
    return tuple(found)


def heading_path(text: str, offset: int) -> tuple[str, ...]:
    """The headings that a place in a text stands under, outermost first, without their markup."""
    path: list[Block] = []
    for block in blocks(text):
        if block.start > offset:
            break
        if block.kind == "heading":
            path = [*(above for above in path if above.depth < block.depth), block]
    return tuple(without_markup(block.heading) for block in path)


def without_markup(words: str) -> str:
    """Words as they are read: without the marks around code and emphasis, with every other `*` and `_`."""
    return _INLINE.sub(_read, words).strip()


def _read(found: re.Match[str]) -> str:
    if found["code"]:
        return found["code"].strip()
    return without_markup(found["words"]) if found["words"] else found[0]


def _block(tokens: list[Token], position: int, nesting: int) -> BlockKind | None:
    token = tokens[position]
    if token.type == "list_item_open":
        return "item"
    if nesting or token.level:
        return None
    return "heading" if token.type == "heading_open" else _KINDS.get(token.type)


def _own_end(tokens: list[Token], position: int) -> int:
    """Last line of a block; a list item ends where a nested list begins, since its items are blocks themselves."""
    token = tokens[position]
    assert token.map is not None
    if token.type == "list_item_open":
        for inner in tokens[position + 1 :]:
            if inner.type == "list_item_close" and inner.level == token.level:
                break
            if inner.type in ("bullet_list_open", "ordered_list_open") and inner.map:
                return inner.map[0]
    return token.map[1]
