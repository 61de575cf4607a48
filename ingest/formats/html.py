"""HTML to Markdown: what a page says, without its scripts, navigation and forms."""

import re
import warnings

from bs4 import BeautifulSoup, Tag
from markdownify import MarkdownConverter

from core.errors import UnreadableSource
from ingest.formats.decode import decode

_DROPPED = frozenset(
    "script style noscript template iframe object embed svg canvas nav form button input select textarea dialog head "
    "video audio".split()
)
_DROPPED_CLASSES = frozenset(("headerlink", "anchor-link", "katex-html"))


class _Page(MarkdownConverter):
    """The converter, told which tags say nothing and what pictures and formulas say."""

    def process_tag(self, node: Tag, parent_tags: set[str] | None = None) -> str:
        classes = node.get("class")
        if node.name in _DROPPED or node.has_attr("hidden"):
            return ""
        if isinstance(classes, list) and not _DROPPED_CLASSES.isdisjoint(classes):
            return ""
        return str(super().process_tag(node, parent_tags))  # type: ignore[misc]

    def convert_img(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        return str(el.get("alt") or "")

    def convert_td(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        return str(super().convert_td(el, text.replace("|", "\\|"), parent_tags))  # type: ignore[misc]

    def convert_math(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        source = el.find("annotation")
        return f"${source.get_text(strip=True)}$" if source else text


def html_to_markdown(page: bytes | str, name: str) -> tuple[str, str]:
    """Markdown and title of a page."""
    text = page if isinstance(page, str) else decode(page, name)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            soup = BeautifulSoup(_bounded(text), "html.parser")
    except (AssertionError, ValueError, RecursionError) as error:
        raise UnreadableSource(f"{name} is not HTML that can be read", "save it again from a browser") from error
    title = soup.title.get_text(" ", strip=True) if soup.title else ""
    return _markdown(soup), title


def _bounded(text: str) -> str:
    """The page without what makes the parsers look ahead over and over: markup never closed, long white space."""
    text = re.sub(r"\s{200,}", "\n", text)
    for opening, closing in (("<!--", "-->"), ("<![", "]>"), ("<", ">")):
        end = text.rfind(closing) + 1
        text = text[:end] + text[end:].replace(opening, "&lt;" + opening[1:])
    return text


def _markdown(soup: BeautifulSoup) -> str:
    converter = _Page(
        heading_style="atx",
        bullets="-",
        escape_asterisks=False,
        escape_underscores=False,
        escape_misc=False,
        code_language_callback=_language,
    )
    try:
        return str(converter.convert_soup(soup))
    except RecursionError:
        return soup.get_text("\n")


def _language(pre: Tag) -> str:
    """`language-python` of a `<pre>` or of the `<code>` in it."""
    for part in (pre, pre.find("code")):
        names = part.get("class") if isinstance(part, Tag) else None
        for css in names if isinstance(names, list) else []:
            if css.startswith(("language-", "lang-")):
                return css.partition("-")[2]
    return ""
