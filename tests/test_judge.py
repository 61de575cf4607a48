"""`prep eval judge`: a verifier's figures on labelled pairs."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import service.bootstrap
from cli.main import main
from core.encoder import Encoder
from eval.agreement import auc
from eval.golden import Statement
from eval.judge import summed_up

L1 = "The L1 penalty subtracts the same amount at every step and stops at exactly zero."
PAIRS = [
    {"context": L1, "statement": L1, "label": 1, "change": "verbatim"},
    {"context": L1, "statement": L1.replace("exactly ", ""), "label": 1, "change": "paraphrase"},
    {"context": L1, "statement": L1.replace("stops", "never stops"), "label": 0, "change": "negation"},
    {"context": L1, "statement": "Dropout was invented by a poet in 1812.", "label": 0, "change": "unrelated"},
]


Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(encoder: Encoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs `prep eval judge --pairs` in this process: exit code, stdout, stderr."""
    monkeypatch.setattr(service.bootstrap, "Encoder", lambda _: encoder)
    monkeypatch.chdir(tmp_path)

    def call(rows: list[dict[str, object]], *options: str) -> tuple[int, str, str]:
        pairs = tmp_path / "pairs.jsonl"
        pairs.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        monkeypatch.setattr(sys, "argv", ["prep", "eval", "judge", "--pairs", str(pairs), *options])
        with pytest.raises(SystemExit) as exit_:
            main()
        return int(exit_.value.code or 0), *capsys.readouterr()

    return call


@pytest.mark.parametrize(
    ("supported", "unsupported", "expected"),
    [
        pytest.param([0.9, 0.8], [0.1, 0.2], 1.0, id="apart"),
        pytest.param([0.1], [0.9], 0.0, id="upside down"),
        pytest.param([0.5, 0.5], [0.5], 0.5, id="ties"),
        pytest.param([0.9, 0.3], [0.4, 0.3], (2 + 0.5) / 4, id="by hand"),
        pytest.param([0.9], [], float("nan"), id="one kind alone"),
    ],
)
def test_the_area_is_the_share_of_pairs_in_order(
    supported: list[float], unsupported: list[float], expected: float
) -> None:
    labels = np.array([1.0] * len(supported) + [0.0] * len(unsupported))

    assert auc(labels, np.array(supported + unsupported)) == pytest.approx(expected, nan_ok=True)


def test_figures_by_hand() -> None:
    kinds = [(1, "true"), (1, "true"), (0, "swap"), (0, "swap"), (0, "number")]
    pairs = [Statement(context="c", statement="s", label=label, change=change) for label, change in kinds]

    report = summed_up(pairs, np.array([0.9, 0.4, 0.6, 0.1, 0.2]), 0.5, "J")

    assert report.confusion == {"true_positive": 1, "false_negative": 1, "false_positive": 1, "true_negative": 2}
    assert report.balanced_accuracy.mean == pytest.approx((1 / 2 + 2 / 3) / 2)
    assert report.auc.mean == pytest.approx(5 / 6)
    assert report.auc.low <= report.auc.mean <= report.auc.high
    assert (report.by_change["swap"].auc, report.by_change["swap"].passed) == (3 / 4, 1 / 2)
    assert (report.by_change["number"].auc, report.by_change["number"].passed) == (1, 0)
    assert report.by_change["true"].passed == 1 / 2


def test_the_command_prints_one_json_value(run: Run) -> None:
    code, out, _ = run(PAIRS, "--json")
    report = json.loads(out)

    assert code == 0
    assert set(report) == {"judge", "threshold", "auc", "balanced_accuracy", "confusion", "by_change"}
    assert set(report["auc"]) == {"mean", "low", "high", "n"}
    assert (report["auc"]["mean"], report["auc"]["n"], report["judge"]) == (1.0, 4, "embedded")
    assert sum(report["confusion"].values()) == 4
    assert report["by_change"]["unrelated"] == {"auc": 1.0, "passed": 0.0, "n": 1}


def test_the_command_prints_a_table(run: Run) -> None:
    code, out, _ = run(PAIRS)

    assert code == 0
    assert "balanced accuracy" in out
    assert "negation" in out


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        pytest.param([{**PAIRS[0], "label": 2}], "line 1: label", id="a label that is none"),
        pytest.param([PAIRS[0], {"statement": "s", "label": 0}], "line 2: context", id="no context"),
        pytest.param(PAIRS[:2], "only the label 1", id="one class"),
        pytest.param([], "no pairs", id="empty"),
    ],
)
def test_files_that_will_not_do_are_named(
    rows: list[dict[str, object]],
    message: str,
    run: Run,
) -> None:
    code, _, err = run(rows)

    assert code == 2
    assert message in err
