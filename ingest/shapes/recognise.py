"""Conventions of plain text and of other people's Markdown, written as Markdown headings.

Every pass looks for one convention and leaves text without it alone; code stays code.
"""

from ingest.shapes import conventions, pilcrows, report, review, transcript
from ingest.shapes.structured import Structured


def structured(text: str) -> Structured:
    """The text with its structure as headings: that of a known shape, else that of common conventions."""
    if found := report.structured(text) or review.structured(text):
        return found
    text = pilcrows.as_headings(text)
    text = transcript.as_headings(text)
    return Structured(conventions.as_headings(text))
