"""A verifier of one's own: a cross-encoder that tells entailment, from a path or name (`PREP_VERIFIER__NLI`)."""

from collections.abc import Sequence
from typing import Any

from core.errors import ModelUnavailable
from service.deadline import Deadline
from service.rerank import cross_encoder

_ADVICE = "correct or unset PREP_VERIFIER__NLI"
_SUPPORTED = ("entailment", "entailed", "entails", "supported", "supports", "attributable", "label_1")


class NliVerifier:
    """Scores are the probability of entailment, with the passage as premise and the statement as hypothesis.

    Raises `ModelUnavailable` for a model that does not load, or does not say which of its labels is entailment.
    """

    threshold = 0.5
    fair_threshold = 0.5

    def __init__(self, model: str) -> None:
        self._model = cross_encoder(model, _ADVICE)
        labels: dict[Any, Any] = getattr(self._model.config, "id2label", None) or {}
        self._label = _entailment(model, labels)

    def score(self, statement: str, contexts: Sequence[str], deadline: Deadline | None = None) -> list[float]:
        """How probable it is that each context entails the statement."""
        if not contexts:
            return []
        pairs = [(context, statement) for context in contexts]
        probabilities = self._model.predict(pairs, apply_softmax=True, show_progress_bar=False)
        return [float(row[self._label]) for row in probabilities]


def _entailment(model: str, labels: dict[Any, Any]) -> int:
    """The number of the label that means entailment; of two labels without names it is the second."""
    named = {str(name).lower(): int(number) for number, name in labels.items()}
    known = [named[name] for name in _SUPPORTED if name in named and (name != "label_1" or len(named) == 2)]
    if len(known) != 1 or len(named) not in (2, 3):
        raise ModelUnavailable(
            f"the verifier {model!r} has the labels {sorted(named)}, and none, or more than one, is entailment", _ADVICE
        )
    return known[0]
