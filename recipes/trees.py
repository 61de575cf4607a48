"""The verifier's trees: gradient boosting over plain figures of statement and passage.

The wording of a hand-written statement gives part of its label away (AUC .75 without any passage), so statements are
weighed by the inverse of what a model of the wording alone says of them.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, cross_val_predict
from sklearn.pipeline import Pipeline, make_pipeline, make_union

from recipes.statements import Row

FOLDS = 5
LARGEST_WEIGHT = 5.0
SOURCE_WEIGHTS = {"own": 1.0, "couples": 1.0, "edited": 1.5, "attributionbench_dev": 2.0, "fever_symmetric_dev": 2.5}
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
        groups = groups_of(rows)[at]
        told = cross_val_predict(_wording(), statements, y, groups=groups, cv=folds, method="predict_proba")
        inverse = np.where(y == 1, y.mean() / told[:, 1], (1 - y.mean()) / told[:, 0])
        found[at] *= np.minimum(inverse, LARGEST_WEIGHT)
    return found


def _wording() -> Pipeline:
    words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
    letters = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), sublinear_tf=True, max_features=20_000)
    return make_pipeline(make_union(words, letters), LogisticRegression(max_iter=500))


def groups_of(rows: list[Row]) -> NDArray[np.int64]:
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
    """The log-odds of each pair by trees that saw none of its group."""
    found = np.zeros(len(y))
    for train, test in GroupKFold(FOLDS, shuffle=True, random_state=0).split(x, y, groups):
        fitted = boosted(names).fit(x[train], y[train], sample_weight=weight[train])
        found[test] = fitted.decision_function(x[test])
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
