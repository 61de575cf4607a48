"""Words and terms: what the lexical index, the generator and the checks mean by them."""

import re
import unicodedata
from functools import lru_cache

import Stemmer

# Control characters save tab and line feed, characters without width, and marks that reorder what is read.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\U000e0000-\U000e007f]"
)
_WORD = re.compile(r"\w+(?:['’]\w+)?")
# English function words and the words questions are made of; negations stay, they carry meaning.
STOP_WORDS = frozenset(
    """
    a about above after again all am an and any are as at be because been before being below between both but by
    can could did do does doing down during each few for from further had has have having he her here hers him his
    how i if in into is it its itself just let me more most my myself of off on once only or other our ours out
    over own same she should so some such than that the their theirs them then there these they this those through
    to too under until up us very was we were what when where which while who whom why will with would you your
    yours yourself it's that's what's there's i'm i've i'd don doesn didn isn s t ll ve re
    """.split()
)
_stem = Stemmer.Stemmer("english")


def visible(text: str) -> str:
    """A text without what a reader cannot see."""
    return _INVISIBLE.sub("", text)


def words(text: str) -> list[str]:
    """Lower-case words after compatibility normalisation (`dₖ` reads `dk`, `²` reads `2`)."""
    return _WORD.findall(unicodedata.normalize("NFKC", text).lower())


def terms(text: str) -> list[str]:
    """Stemmed words without stop words: the vocabulary of the lexical index."""
    return [stem(word) for word in words(text) if word not in STOP_WORDS]


@lru_cache(maxsize=200_000)
def stem(word: str) -> str:
    """Snowball English stem."""
    return str(_stem.stemWord(word.removesuffix("'s").removesuffix("’s")))
