"""A follow-up question written out in full, so that it finds what it should: by a language model or by a rule.

"And when would you not use it?" after "What is dropout?" asks about dropout. A question that stands by itself is left
as it is, and a model's version is used only if it is made of words of the conversation, and of nothing but words.
"""

import re
from collections.abc import Sequence

from core.errors import GeneratorFailed
from core.text import stem, terms
from core.types import Turn
from service.deadline import Deadline
from service.language_model import LanguageModel, without_thoughts
from service.neutral import neutral
from service.prompts import rewriting

_REFERRING = re.compile(
    r"\b(?:its?(?!['’]s\b)|they|them|theirs?|this|these|those|he|she|him|her|latter|former|the others?|versions?"
    r"|(?:which|that|the\s+\w+)\s+ones?|the\s+\w+\s+(?:part|bit))\b"
    r"|\b(?:is|are|was|does|do|did|can|will|would|why|of|for|with|to|from|like|about|in|on|by|than|after|before|without"
    r"|\w+ing)\s+that\b(?!\s+(?:a|an|the|you|we|i|it|is|are)\b)"
    r"|\bthat\s+(?:in|by|with|for|on|at|from|when|during|before|after|as|to)\b"
    r"|\b(?:that|then|there)\W*$",
    re.IGNORECASE,
)
# "it" that stands for nothing.
_EXPLETIVE = re.compile(
    r"\bit\s+(?:(?:like|mean|common|normal|usual|legal|important)\s+to|possible|take|takes|worth|make\s+sense|better"
    r"|matter|true|safe|wise|ok|enough|necessary|best|good)\b(?=\W+\w)",
    re.IGNORECASE,
)
_CLAUSE = re.compile(r"[,;:.!?–—]\s+|\s+(?:and|but|or|so|while|because|since|if|when|although|though)\s+")
_OPENERS = re.compile(
    r"^\W*(?:and|but|so|or|ok(?:ay)?|then|also|what about|how about|what if|why not|why so|how so|which one|such as"
    r"|for example|same|instead|otherwise|else)\b",
    re.IGNORECASE,
)
# What opens a subject of its own, whatever it says after that.
_NEW_TOPIC = re.compile(
    r"^\W*(?:(?:ok(?:ay)?|so|now|and|then|well)\W+)*(?:a\s+)?(?:new|next|another|different)\s+(?:topic|subject|question)\b",
    re.IGNORECASE,
)
# A thing alone is asked for by its name, even after an opener: "Ok, and what is attention?"
_NAMED = re.compile(
    r"^(?:(?:ok(?:ay)?|and|but|so|then)\W+)+what(?:['’]s|\s+is|\s+are)\s+(?!the\b)(?:\S+\s*){1,3}$", re.IGNORECASE
)
# A few words without a verb: "without labels?"
_PHRASE = re.compile(
    r"^\W*(?:with|without|in|on|at|for|from|under|during|after|before|by)\s+(?:[\w'’-]+\s+){0,2}[\w'’-]+\W*$",
    re.IGNORECASE,
)
# Who asks about the people in the room asks about nothing said before.
_PERSONAL = re.compile(r"\b(?:myself|yourself|you|us)\W*$", re.IGNORECASE)
# Words which name no topic by themselves: a question of nothing else leans on the one before it.
_GENERIC = frozenset(
    stem(word)
    for word in """add advantage alternative apply approach assumption avoid bad benefit best better break change
    choose code common compare complexity compute cons cost deal detail difference different disadvantage downside
    drawback exactly example expect explain fail fast first fix formula get give go good happen help idea implement
    improve intuition kind know life limit limitation long look main make mean measure memory method mistake much
    need not number one part pick pitfall please point practical practice prefer problem production proof pros
    python real reason risk run show simple slow start step take technique tell test thing time trade tradeoff tune
    type typical understand use useful value want way work world worse write wrong""".split()
)
_DEFINING = re.compile(r"^\W*(?:what(?:'s|\s+is|\s+are)|define|explain|describe|tell me about)\b", re.IGNORECASE)
_FEWEST_TERMS = 2
# With as many a question brings its own context, and its pronouns stand for that.
_MANY_TERMS = 9
# Of a long conversation the rule keeps the topic and so many follow-ups, of each so many characters.
_FOLLOW_UPS_KEPT, _MOST_OF_A_TURN = 2, 160
# A rewriting is longer than the question by what it names, not by a copy of the conversation.
_MOST_ADDED = 240
# Of a reply, thoughts included.
_MOST_TOKENS = 512
_OF_THE_QUESTION = re.compile(
    r"^\W*(?:(?:so|and|but|ok(?:ay)?|well|then)\W+)*(?:please\s+)?(?:can you\s+|could you\s+)?"
    r"(?:what(?:'s| is| are| was| does| do| did)?|why(?: is| are| does| do| did| would| can)?|"
    r"how(?: is| are| does| do| did| would| can| should| to)?|when(?: is| are| do| does| would| should)?|which|who|"
    r"where|is|are|does|do|did|can|could|would|should|explain|describe|compare|define|tell me(?: about)?|give)\b\s*"
    r"(?:(?:you|we|i|one|me|would|should|the|a|an)\b\s*)*",
    re.IGNORECASE,
)


class FollowUps:
    """`standalone` gives the question that is searched and answered."""

    def __init__(self, model: LanguageModel | None = None) -> None:
        self._model = model

    def standalone(self, question: str, history: Sequence[Turn], deadline: Deadline) -> str:
        """The question itself, or what it means after the earlier ones."""
        history = [turn for turn in history if any(map(str.isalnum, turn.question))]
        if not history or not leans_on_others(question):
            return question
        if self._model:
            written = self._rewritten(self._model, question, history, deadline)
            if written and _is_faithful(written, question, history):
                return written
        return by_rule(question, [turn.question for turn in history])

    @staticmethod
    def _rewritten(model: LanguageModel, question: str, history: Sequence[Turn], deadline: Deadline) -> str:
        """The model's version, or nothing when it failed; it may take a quarter of the time that is left."""
        limit = deadline.within(deadline.remaining() / 4)
        try:
            reply = "".join(model.stream(rewriting(question, history), _MOST_TOKENS, limit))
        except GeneratorFailed:
            return ""
        return " ".join(without_thoughts(reply).split()).strip("\"“”'")


def leans_on_others(question: str) -> bool:
    """Whether a question refers back: by how it opens, by a pronoun without a noun before it, or by naming no topic."""
    question = _NEW_TOPIC.sub("", question)
    named = set(terms(question)) - _GENERIC
    if len(named) >= _MANY_TERMS:
        return False
    if _refers_back(question) or _PHRASE.match(question):
        return True
    if _PERSONAL.search(question) or (named and _NAMED.match(question)):
        return False
    few = not named or (len(set(terms(question))) < _FEWEST_TERMS and not _DEFINING.match(question))
    return few or bool(_OPENERS.match(question))


def _refers_back(question: str) -> bool:
    """Whether a pronoun stands in the first clause that names something, or before it."""
    for clause in _CLAUSE.split(_EXPLETIVE.sub("", question)):
        if _REFERRING.search(clause):
            return True
        if set(terms(clause)) - _GENERIC:
            return False
    return False


def by_rule(question: str, earlier: Sequence[str]) -> str:
    """The topic of the last question that stood by itself, then the last follow-ups since, then the question.

    What stands before the question is short enough for an encoder to read the question, too.
    """
    start = next((i for i in reversed(range(len(earlier))) if not leans_on_others(earlier[i])), 0)
    topic, *follow_ups = earlier[start:]
    return f"{'; '.join(_subject(asked) for asked in (topic, *follow_ups[-_FOLLOW_UPS_KEPT:]))}: {question}"


def _subject(asked: str) -> str:
    """What a question is about: its first characters without the words that make it a question."""
    asked = " ".join(asked.split())
    subject = _OF_THE_QUESTION.sub("", asked, count=1).strip(" ?.!") or asked
    return subject if len(subject) <= _MOST_OF_A_TURN else subject[:_MOST_OF_A_TURN].rsplit(maxsplit=1)[0]


def _is_faithful(written: str, question: str, history: Sequence[Turn]) -> bool:
    """Whether a rewriting keeps what the question says and adds only words of the conversation, and no links."""
    conversation = {term for turn in history for term in terms(f"{turn.question} {turn.answer}")} | set(terms(question))
    said, own = set(terms(written)), _meaning(question)
    words_only = neutral(written) == written and len(written) <= len(question) + _MOST_ADDED
    return words_only and bool(said) and own <= said <= conversation


def _meaning(question: str) -> set[str]:
    """The terms of a question without the words that only link it to what came before."""
    return set(terms(_REFERRING.sub(" ", _OPENERS.sub("", question))))
