"""Sentences that are no evidence: those which claim nothing, and those which give a language model orders."""

import re

from core.sentences import sentence_spans
from core.text import terms, visible, words

_TRANSITIONS = frozenset(
    """answer below brief briefly conclusion detail essence example finally first follow following idea instance key
    main mechanism next note nutshell overall point practice reason second short step sum summary third work""".split()
)
_TRANSITION_TERMS = frozenset(term for word in _TRANSITIONS for term in terms(word))
_QUOTED = re.compile(r"\"[^\"\n]*\"|“[^“”\n]*”|‘[^‘’\n]*’|(?<!\w)'[^'\n]*'(?!\w)|`[^`\n]*`")
_WHAT = r"(?:instructions?|prompts?|rules?|messages?|directions?|guidelines|passages?|context|text|documents?|sources?)"
_ORDERS = re.compile(
    rf"""
    \b(?:ignore|disregard|forget|override|bypass)\b[^.!?\n]{{0,40}}\b(?:previous|prior|above|earlier|preceding|all|any|your|
        other|everything)\b(?:[^.!?\n]{{0,40}}\b{_WHAT}\b|\s+(?:and|is|was)\b|\s*[.,;:!]|\s*$)
    | \b(?:print|reveal|repeat|output|show|leak|disclose|quote|recite)\b[^.!?\n]{{0,40}}
        \b(?:system\s+prompt|your\s+(?:\w+\s+)?(?:prompt|instructions|rules))\b
    | \byou\s+are\s+(?:now|no\s+longer)\b
    | \b(?:new|updated|real|revised)\s+(?:system\s+)?instructions?\s*:
    | \b(?:instead|only|always|just|now)\s+(?:reply|respond|answer|say|write|output)\b[^.!?\n]{{0,20}}(?:\bwith\b|:|")
    | ^[^\w\n]*(?:system|assistant|developer)\s*(?:message|prompt|note|override)?\s*[:>\]]
    | <\|[^|>\n]*\|?>? | \[/?INST\] | <</?SYS>> | </?(?:system|assistant|instructions?|passages?|developer)\b[^<>]*>
    | \b(?:dear|attention|note\s+to(?:\s+the)?)\s+(?:ai|llms?|language\s+models?|assistants?|chatbots?)\b
    """,
    re.IGNORECASE | re.VERBOSE | re.MULTILINE,
)


def claims_nothing(text: str) -> bool:
    """Whether a sentence only leads on to the next, as "The main points are:" does."""
    return text.rstrip(" *_").endswith(":") and len(words(text)) <= 12 and set(terms(text)) <= _TRANSITION_TERMS


def gives_orders(text: str) -> bool:
    """Whether a text tells a language model what to do; an order that is quoted, as an example, is none."""
    return bool(_ORDERS.search(_QUOTED.sub('""', visible(text))))


def evidence(quote: str) -> str:
    """A quote without the sentences that give orders."""
    if not gives_orders(quote):
        return quote
    return " ".join(
        quote[start:end] for start, end in sentence_spans(quote, 0, len(quote)) if not gives_orders(quote[start:end])
    )
