"""The trees that verify statements: `python -m recipes.verifier [--public DIR]`.

Statements written for the cards, true and false, statements about edited passages (recipes/counterfactuals.py), and
with `--public` the files of `DIR/attribution`. The wording of a hand-written statement gives part of its label away
(AUC .75 without any passage), so statements are weighed by the inverse of what a model of the wording alone says of
them. The served threshold comes from data/training/contrasts.jsonl, which the trees never see: true rewordings by other
authors, each with its smallest false change. Writes data/models/verifier.safetensors and verifier.json. Five minutes on
two cores.
"""

import argparse
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save_file
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score, roc_curve
from sklearn.model_selection import GroupKFold, cross_val_predict
from sklearn.pipeline import Pipeline, make_pipeline, make_union

from core.encoder import Encoder
from core.settings import EncoderSettings
from recipes.statements import Row, contrast_rows, edited_rows, own_rows, public_rows
from service.verifier.alterations import altered
from service.verifier.reading import Reader
from service.verifier.verifier import ABOUT, BELOW, TREES, refuted, rows_of

MAY_PASS = 0.03
"""Largest share of the contrasts' false statements that the threshold lets pass; of other authors' it is more like
twice as many."""
FOLDS = 5
LARGEST_WEIGHT = 5.0
SOURCE_WEIGHTS = {"own": 1.0, "edited": 1.5, "attributionbench_dev": 2.0, "fever_symmetric_dev": 2.5}
FALLING = frozenset(
    """figures_missing figure_missing figure_moved unit_changed opposite_unseen absolute_unseen
    negation_moved""".split()
)
"""Figures that may only speak against a statement."""
Numbers = NDArray[np.float64]


def weights(rows: list[Row]) -> Numbers:
    """By source, and inverse to what the wording alone tells of the label; that of edited passages tells nothing."""
    found = np.array([SOURCE_WEIGHTS.get(row.source, 1.0) for row in rows])
    for source in {row.source for row in rows} - {"edited"}:
        at = np.array([row.source == source for row in rows])
        y = np.array([row.label for row in rows])[at]
        statements = np.array([row.statement for row in rows])[at]
        folds = GroupKFold(FOLDS, shuffle=True, random_state=0)
        groups = _groups(rows)[at]
        told = cross_val_predict(_wording(), statements, y, groups=groups, cv=folds, method="predict_proba")
        inverse = np.where(y == 1, y.mean() / told[:, 1], (1 - y.mean()) / told[:, 0])
        found[at] *= np.minimum(inverse, LARGEST_WEIGHT)
    return found


def _wording() -> Pipeline:
    words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
    letters = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), sublinear_tf=True, max_features=20_000)
    return make_pipeline(make_union(words, letters), LogisticRegression(max_iter=500))


def _groups(rows: list[Row]) -> NDArray[np.int64]:
    """A number for each group; the names may be whole passages."""
    numbers = {group: number for number, group in enumerate(dict.fromkeys(row.group for row in rows))}
    return np.array([numbers[row.group] for row in rows])


def boosted(names: list[str]) -> HistGradientBoostingClassifier:
    """Trees, as many as lower the loss of a tenth of the rows, kept aside; a missing number or an opposite never speaks
    for a statement."""
    directions = [-int(name in FALLING) for name in names]
    return HistGradientBoostingClassifier(
        max_iter=800,
        learning_rate=0.06,
        max_leaf_nodes=16,
        min_samples_leaf=40,
        l2_regularization=10,
        max_features=0.4,
        monotonic_cst=directions,
        early_stopping=True,
        random_state=0,
    )


def out_of_fold(
    x: Numbers, y: NDArray[np.int64], weight: Numbers, groups: NDArray[np.int64], names: list[str]
) -> Numbers:
    """The probability of each pair by trees that saw none of its group."""
    found = np.zeros(len(y))
    for train, test in GroupKFold(FOLDS, shuffle=True, random_state=0).split(x, y, groups):
        fitted = boosted(names).fit(x[train], y[train], sample_weight=weight[train])
        found[test] = fitted.predict_proba(x[test])[:, 1]
    return found


def plain_trees(fitted: HistGradientBoostingClassifier) -> dict[str, NDArray[Any]]:
    """scikit-learn's trees as the arrays of `service.verifier.trees.Trees`."""
    nodes = [tree.nodes for (tree,) in fitted._predictors]
    roots = np.cumsum([0, *map(len, nodes[:-1])])
    every, shift = np.concatenate(nodes), np.repeat(roots, [*map(len, nodes)])
    leaf, own = every["is_leaf"].astype(bool), np.arange(len(every))
    return {
        "roots": roots.astype(np.int32),
        "feature": np.where(leaf, 0, every["feature_idx"]).astype(np.int16),
        "threshold": np.where(leaf, 0, every["num_threshold"]).astype(np.float64),
        "left": np.where(leaf, own, shift + every["left"]).astype(np.int32),
        "right": np.where(leaf, own, shift + every["right"]).astype(np.int32),
        "value": np.where(leaf, every["value"], 0).astype(np.float64),
        "base": np.ravel(fitted._baseline_prediction).astype(np.float64),
    }


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


def fairest(scores: Numbers, labels: NDArray[np.int64]) -> float:
    """The threshold of the highest balanced accuracy: for a judge, to whom both mistakes weigh the same."""
    false_rate, true_rate, thresholds = roc_curve(labels, scores)
    return float(thresholds[np.argmax(true_rate - false_rate)])


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--public", type=Path, help="a folder with attribution/*.jsonl: context, statement, label")
    folder: Path | None = parser.parse_args().public
    encoder = Encoder(EncoderSettings())
    known = read(encoder, [*own_rows(), *edited_rows(), *(public_rows(folder) if folder else ())])
    unseen = read(encoder, [*contrast_rows()])
    weight = weights(known.rows)
    trees = boosted(known.names).fit(known.figures, known.labels, sample_weight=weight)
    contrasts = trees.predict_proba(unseen.figures)[:, 1]
    false = np.where(unseen.refuted, 0.0, contrasts)[unseen.labels == 0]
    threshold = float(np.quantile(false, 1 - MAY_PASS))
    own = out_of_fold(known.figures, known.labels, weight, _groups(known.rows), known.names)
    scores = known.judged(own, threshold)
    save_file(plain_trees(trees), TREES)
    about = {
        "threshold": round(threshold, 4),
        "fair_threshold": round(fairest(scores, known.labels), 4),
        "encoder": encoder.fingerprint,
        "figures": known.names,
        "cross_validated": measured(known.rows, scores, threshold),
        "unseen": measured(unseen.rows, unseen.judged(contrasts, threshold), threshold),
    }
    ABOUT.write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
