"""The weights of refusal: `python -m recipes.refusal [--index DIR]`.

Logistic regression over the signals of `service.evidence` for the golden set's dev questions, asked of an index of the
bank. The thresholds are the shares of answerable questions that each setting may refuse.
Writes data/models/refusal.json.
"""

import argparse
import json
from contextlib import closing
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from core.encoder import Encoder
from core.index import Index
from core.settings import DATA, Settings
from service.evidence import WEIGHTS, signals
from service.retrieval import Retriever

# Largest share of the dev split's answerable questions that each setting may refuse.
MAY_REFUSE = {"strict": 0.12, "balanced": 0.07, "eager": 0.02}
Floats = NDArray[np.float64]
Labels = NDArray[np.bool_]


def measured(settings: Settings) -> tuple[list[dict[str, float]], Labels]:
    """Signals of the dev questions, and whether the bank answers each."""
    lines = (DATA / "golden" / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    dev = [row for row in map(json.loads, lines) if row["split"] == "dev"]
    retriever = Retriever(Encoder(settings.encoder), settings.retrieval)
    with closing(Index.open(settings.index)) as index:
        found = [signals(index, retriever.search(index, row["question"], {})) for row in dev]
    return found, np.array([row["answerable"] for row in dev], bool)


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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--index", type=Path, help="index of data/corpus; the default one when not given")
    found, answerable = measured(Settings().at(parser.parse_args().index))
    names = list(found[0])
    values = np.array([list(row.values()) for row in found])
    model = make_pipeline(StandardScaler(), LogisticRegression(C=1.0, class_weight="balanced"))
    unseen = cross_val_predict(
        model, values, answerable, cv=StratifiedKFold(10, shuffle=True, random_state=0), method="predict_proba"
    )[:, 1]
    scaler, regression = (step for _, step in model.fit(values, answerable).steps)
    weights = regression.coef_[0] / scaler.scale_
    fitted = {
        "weights": dict(zip(names, np.round(weights, 4).tolist(), strict=True)),
        "bias": round(float(regression.intercept_[0] - weights @ scaler.mean_), 4),
        "thresholds": {name: row["threshold"] for name, row in trade_off(unseen, answerable).items()},
        "dev_by_cross_validation": trade_off(unseen, answerable),
    }
    WEIGHTS.write_text(json.dumps(fitted, indent=1) + "\n")


if __name__ == "__main__":
    main()
