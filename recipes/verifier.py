"""The embedded verifier: `python -m recipes.verifier [--public DIR]`.

Trees learn from statements written for the cards, from statements about edited passages (recipes/counterfactuals.py),
and with `--public` from the files of `DIR/attribution`; they and the pair encoder (recipes/pair_encoder.py) are then
weighed by statements that neither has seen. The served threshold comes from data/training/contrasts.jsonl, which
neither sees: true rewordings by other authors, each with its smallest false change. Writes
data/models/verifier.safetensors and verifier.json.
"""

import argparse
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save_file
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score, roc_curve

from core.encoder import Encoder
from core.pair_encoder import PairEncoder
from core.settings import EncoderSettings
from recipes.pairs import kept_out
from recipes.statements import Row, contrast_rows, couple_rows, edited_rows, own_rows, public_rows
from recipes.trees import SOURCE_WEIGHTS, Numbers, boosted, groups_of, out_of_fold, plain_trees, weights
from service.verifier.alterations import altered
from service.verifier.reading import Reader
from service.verifier.verifier import ABOUT, BELOW, TREES, WITNESSES, refuted, rows_of, witnesses

MAY_PASS = 0.03
"""Largest share of the contrasts' false statements that the threshold lets pass; of other authors' it may be more."""
VERSIONS = 2


def measured(rows: list[Row], scores: Numbers, threshold: float) -> dict[str, object]:
    """Of each source: AUC by kind of change against all true statements, and what passes at the threshold."""
    found: dict[str, object] = {}
    for source in sorted({row.source for row in rows}):
        of = {kind: np.array([s for s, r in zip(scores, rows, strict=True) if (r.source, r.kind) == (source, kind)])
              for kind in sorted({row.kind for row in rows if row.source == source})}  # fmt: skip
        true = of.pop("true")
        every = {"all": np.concatenate([*of.values()]), **of}
        found[source] = {
            "true_pass": round(float((true >= threshold).mean()), 3),
            "auc": {kind: round(_auc(true, false), 3) for kind, false in every.items()},
            "false_pass": {kind: round(float((false >= threshold).mean()), 3) for kind, false in every.items()},
        }
    return found


def _auc(true: Numbers, false: Numbers) -> float:
    return float(roc_auc_score([1] * len(true) + [0] * len(false), np.concatenate([true, false])))


@dataclass(frozen=True, slots=True)
class Read:
    """Rows with their figures `(n, figures)`, and which of them no statement may pass by."""

    rows: list[Row]
    names: list[str]
    figures: Numbers
    refuted: NDArray[np.bool_]

    @property
    def labels(self) -> NDArray[np.int64]:
        return np.array([row.label for row in self.rows])

    def only(self, chosen: NDArray[np.bool_]) -> "Read":
        """Some of the rows."""
        rows = [row for row, is_chosen in zip(self.rows, chosen, strict=True) if is_chosen]
        return Read(rows, self.names, self.figures[chosen], self.refuted[chosen])

    def told(self, trees: Numbers, pairs: PairEncoder) -> Numbers:
        """What the witnesses say `(n, 3)`, given the log-odds of the trees."""
        return witnesses(trees, pairs, [(row.statement, row.context) for row in self.rows])

    def judged(self, probabilities: Numbers, threshold: float) -> Numbers:
        """Scores as they are served at a threshold: what is refuted stays below it."""
        return np.where(self.refuted, np.minimum(probabilities, BELOW * threshold), probabilities)


def read(encoder: Encoder, rows: list[Row]) -> Read:
    """Rows in which both texts have words."""
    made = rows_of(Reader(encoder, keep=len(rows) * 2), [(row.statement, row.context) for row in rows])
    kept = [(row, of) for row, of in zip(rows, made, strict=True) if of]
    names = list(kept[0][1])
    figures = np.array([[of[name] for name in names] for _, of in kept])
    against = [refuted(of) or altered(row.statement, row.context) for row, of in kept]
    return Read([row for row, _ in kept], names, figures, np.array(against))


def weighed(of: Read, told: Numbers) -> Numbers:
    """The weights of the witnesses, by logistic regression; every source counts the same."""
    sources = [row.source for row in of.rows]
    equal = np.array([SOURCE_WEIGHTS[source] / sources.count(source) for source in sources]) * len(sources)
    model = LogisticRegression(fit_intercept=False).fit(told, of.labels, sample_weight=equal)
    return np.asarray(model.coef_[0], np.float64)


def probabilities(told: Numbers, weight: Numbers) -> Numbers:
    return np.asarray(1 / (1 + np.exp(-told @ weight)), np.float64)


def fairest(scores: Numbers, labels: NDArray[np.int64]) -> float:
    """The threshold of the highest balanced accuracy: for a judge, to whom both mistakes weigh the same."""
    false_rate, true_rate, thresholds = roc_curve(labels, scores)
    return float(thresholds[np.argmax(true_rate - false_rate)])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--public", type=Path, help="a folder with attribution/*.jsonl: context, statement, label")
    folder: Path | None = parser.parse_args().public
    encoder, pairs = Encoder(EncoderSettings()), PairEncoder()
    public = public_rows(folder) if folder else ()
    known = read(encoder, [*own_rows(), *couple_rows(), *edited_rows(VERSIONS), *public])
    weight = weights(known.rows)
    trees = boosted(known.names).fit(known.figures, known.labels, sample_weight=weight)
    save_file(plain_trees(trees), TREES)
    apart = out_of_fold(known.figures, known.labels, weight, groups_of(known.rows), known.names)
    chosen = np.array([kept_out(row) for row in known.rows])
    kept, unseen = known.only(chosen), read(encoder, [*contrast_rows()])
    of_kept = kept.told(apart[chosen], pairs)
    of_witnesses = weighed(kept, of_kept)
    contrasts = probabilities(unseen.told(trees.decision_function(unseen.figures), pairs), of_witnesses)
    false = np.where(unseen.refuted, 0.0, contrasts)[unseen.labels == 0]
    threshold = float(np.quantile(false, 1 - MAY_PASS))
    scores = kept.judged(probabilities(of_kept, of_witnesses), threshold)
    about = {
        "threshold": round(threshold, 4),
        "fair_threshold": round(fairest(scores, kept.labels), 4),
        "weights": dict(zip(WITNESSES, of_witnesses.round(4).tolist(), strict=True)),
        "encoder": encoder.fingerprint,
        "pair_encoder": pairs.fingerprint,
        "figures": known.names,
        "kept_out": measured(kept.rows, scores, threshold),
        "unseen": measured(unseen.rows, unseen.judged(contrasts, threshold), threshold),
    }
    ABOUT.write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
