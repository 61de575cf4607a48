"""The weights of refusal: `python -m recipes.refusal [--index DIR]`.

Logistic regression over the signals of `service.evidence`, fitted on data/training/answerability.jsonl and the golden
set's dev questions, asked of an index of the bank. The thresholds are the shares of the dev split's answerable
questions that each setting may refuse, by models that saw no question of the same (first) card.
Writes data/models/refusal.json.
"""

import argparse
import json
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from core.encoder import Encoder
from core.index import Index
from core.pair_encoder import PairEncoder
from core.settings import DATA, Settings
from service.evidence import PLAIN, READ, WEIGHTS, plain_signals, read_signals
from service.retrieval import Retriever

# Largest share of the dev split's answerable questions that each setting may refuse.
MAY_REFUSE = {"strict": 0.12, "balanced": 0.05, "eager": 0.02}
# The dev questions are few, long and of people who avoid the cards' words; the training ones are many and terse.
DEV_WEIGHT = 3.0
# Off-topic and adversarial questions are few beside near misses, and an answer to one is the worse mistake.
FAR_WEIGHT = 3.0
FOLDS = 5
Floats = NDArray[np.float64]
Labels = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Asked:
    """Questions with their signals `(n, signals)`, whether the bank answers them, and the card they are about."""

    names: list[str]
    signals: Floats
    answerable: Labels
    dev: Labels
    far: Labels
    cards: NDArray[np.str_]

    def only(self, names: Sequence[str]) -> "Asked":
        """The same with some of the signals."""
        return replace(self, names=[*names], signals=self.signals[:, [self.names.index(name) for name in names]])


def asked(index: Index, settings: Settings, encoder: Encoder) -> Asked:
    """The training questions and the golden set's dev questions, put to the retriever."""
    dev = [row for row in _rows(DATA / "golden" / "questions.jsonl") if row["split"] == "dev"]
    rows = [*_rows(DATA / "training" / "answerability.jsonl"), *dev]
    retriever, pairs = Retriever(encoder, settings.retrieval), PairEncoder()
    found = []
    for row in rows:
        candidates = retriever.search(index, row["question"], {})
        found.append(plain_signals(index, candidates) | read_signals(index, candidates, pairs))
    cards = [row.get("card") or next(iter(row.get("cards", [])), row["question"]) for row in rows]
    return Asked(
        names=list(found[0]),
        signals=np.array([list(each.values()) for each in found]),
        answerable=np.array([row["answerable"] for row in rows], bool),
        far=np.array([row.get("absent") in ("off_topic", "adversarial") for row in rows], bool),
        dev=np.arange(len(rows)) >= len(rows) - len(dev),
        cards=np.array(cards),
    )


def _rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def fitted(questions: Asked, rows: Labels | NDArray[np.int64]) -> Pipeline:
    """A model of the given rows."""
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.3, class_weight="balanced"))
    weight = (np.where(questions.dev, DEV_WEIGHT, 1.0) * np.where(questions.far, FAR_WEIGHT, 1.0))[rows]
    return model.fit(questions.signals[rows], questions.answerable[rows], logisticregression__sample_weight=weight)


def out_of_fold(questions: Asked) -> Floats:
    """The confidence in each question by a model that saw none about its card `(n,)`."""
    confidence = np.zeros(len(questions.cards))
    for train, test in GroupKFold(FOLDS, shuffle=True, random_state=0).split(questions.signals, groups=questions.cards):
        confidence[test] = fitted(questions, train).predict_proba(questions.signals[test])[:, 1]
    return confidence


def trade_off(confidence: Floats, answerable: Labels) -> dict[str, dict[str, float]]:
    """For each setting its threshold, and what it refuses of the answerable and of the absent."""
    rows = {}
    for name, share in MAY_REFUSE.items():
        threshold = float(np.quantile(confidence[answerable], share))
        rows[name] = {
            "threshold": round(threshold, 4),
            "answerable_refused": round(float((confidence[answerable] < threshold).mean()), 3),
            "absent_refused": round(float((confidence[~answerable] < threshold).mean()), 3),
        }
    return rows


def fit(questions: Asked) -> dict[str, object]:
    """Weights and thresholds, with what they do to questions about other cards."""
    confidence, dev = out_of_fold(questions), questions.dev
    rows = trade_off(confidence[dev], questions.answerable[dev])
    scaler, regression = (step for _, step in fitted(questions, np.full(len(dev), True)).steps)
    weights = regression.coef_[0] / scaler.scale_
    return {
        "weights": dict(zip(questions.names, np.round(weights, 4).tolist(), strict=True)),
        "bias": round(float(regression.intercept_[0] - weights @ scaler.mean_), 4),
        "thresholds": {name: row["threshold"] for name, row in rows.items()},
        "auc": {
            "dev": round(float(roc_auc_score(questions.answerable[dev], confidence[dev])), 3),
            "training": round(float(roc_auc_score(questions.answerable[~dev], confidence[~dev])), 3),
        },
        "dev_by_cross_validation": rows,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--index", type=Path, help="index of data/corpus; the default one when not given")
    settings = Settings().at(parser.parse_args().index)
    encoder = Encoder(settings.encoder)
    with closing(Index.open(settings.index)) as index:
        questions, documents = asked(index, settings, encoder), sorted(index.manifest.documents)
    fits = {name: fit(questions.only(names)) for name, names in (("read", (*PLAIN, *READ)), ("plain", PLAIN))}
    made_for = {"encoder": encoder.fingerprint, "pair_encoder": PairEncoder().fingerprint}
    made = {**made_for, "fits": fits, "documents": documents}
    WEIGHTS.write_text(json.dumps(made, indent=1) + "\n")


if __name__ == "__main__":
    main()
