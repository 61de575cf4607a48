"""What a language model thinks aloud between tags, left out of what it says while both come in pieces."""

import re

# A tag in code is spoken of.
_TAG = re.compile(r"(?<!`)<(/?)think(?:ing)?>")
_TAG_BEGINS = re.compile(r"(?:`?<[/a-z]{0,9}|`)\Z")
_LONGEST_TAG = 12


class Thoughts:
    """`spoken` takes a piece of a reply, `rest` gives what it held back as the beginning of a tag."""

    def __init__(self) -> None:
        self._held = ""
        self._thinking = False

    def spoken(self, piece: str) -> tuple[str, bool]:
        """What is said now, and whether all before it was a thought, too: one of which only the end was marked."""
        text, said, anew = self._held + piece, "", False
        while tag := _TAG.search(text):
            if not self._thinking:
                anew = anew or bool(tag[1])
                said = "" if tag[1] else said + text[: tag.start()]
            self._thinking = not tag[1]
            text = text[tag.end() :]
        begun = _TAG_BEGINS.search(text, max(0, len(text) - _LONGEST_TAG))
        end = begun.start() if begun else len(text)
        self._held = text[end:]
        return said + ("" if self._thinking else text[:end]), anew

    def rest(self) -> str:
        return "" if self._thinking else self._held
