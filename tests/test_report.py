"""The report as a file: what a browser makes of it, what a comparison finds, what the command line answers."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.eval import app
from eval import charts, markdown
from eval.agreement import agreement
from eval.compare import compare
from eval.golden import Statement
from eval.html import render
from eval.report import Figure, Report, read_report
from eval.summary import figures

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
NAME = "retrieval.reranked.card.recall@5"
_SCORES = {"bm25": 1.0, "dense": 0.5, "late_interaction": 0.4, "fused": 0.7}
_NASTY = "<script>document.title='owned'</script><img src=x onerror=alert(1)> & \"quotes\""


def row(number: int, **changes: Any) -> dict[str, Any]:
    """A question of a report: `n` words, measures that grow with the number, text that tries to leave its place."""
    answer = {
        "question": "q", "text": f"{_NASTY} [1]", "refused": False, "reason": None, "confidence": 0.1 * number,
        "sentences": [{"text": _NASTY, "citations": [1], "support": "verbatim", "score": 1.0}],
        "removed": [], "nearest": [], "missing": [], "generator": "extractive", "fallback_reason": None,
        "timings_ms": {"retrieve": 4.0}, "fingerprint": "f", "rewritten_question": None,
        "citations": [{"n": 1, "document_id": "d", "title": _NASTY, "heading_path": [], "source": "s.md",
                       "quote": _NASTY, "start": 0, "end": 9}],
    }  # fmt: skip
    passage = {"document_id": "d", "source": "s.md", "title": "t", "text": _NASTY, "start": 0, "end": 9,
               "scores": _SCORES, "relevant": "span"}  # fmt: skip
    return {
        "id": f"q{number}", "question": f"question {number} {_NASTY}", "answerable": True, "absent": None,
        "tags": {"topic": "rag" if number % 2 else "llm", "kind": "concept", "difficulty": "easy", "style": "spoken"},
        "reference": _NASTY, "key_points": [_NASTY], "measures": {NAME: number / 4, "citations.precision": 1.0},
        "error": None, "wall_ms": 10.0 * number, "answer": answer, "sentence_scores": [1.0], "passages": [passage],
        "judge_errors": {}, **changes,
    }  # fmt: skip


def report(rows: list[dict[str, Any]], **changes: Any) -> Report:
    measured = figures([each["measures"] for each in rows])
    whole = {
        "created": "2026-01-01T00:00:00+00:00", "command": "prep eval", "target": "in-process", "split": "test",
        "length": "standard", "fingerprint": "f", "verifier": "V",
        "counts": {"questions": len(rows), "answerable": len(rows), "absent": 0, "refused": 0, "failures": 0},
        "judge": {"name": "none", "kind": "none", "reason": "x"}, "canary": {"passed": True, "detail": _NASTY},
        "metrics": measured, "groups": {"topic": {"rag": measured}}, "risk_coverage": [(0.5, 0.0), (1.0, 0.5)],
        "latency_ms": {"retrieve": {"p50": 1.0, "p95": 2.0, "n": 4}}, "cold_start_s": 1.5, "answers_per_second": 9.0,
        "seconds": 1.0, "rows": rows, **changes,
    }  # fmt: skip
    return Report.model_validate(whole)


def four(**last: Any) -> list[dict[str, Any]]:
    return [row(1), row(2), row(3), row(4, **last)]


# The page.


def test_the_page_fetches_nothing_and_escapes_everything() -> None:
    page = render(report(four()))

    assert "<script>document" not in page
    assert "<img" not in page
    assert re.findall(r"<(?:link|script|img|iframe)[^>]*(?:src|href)=\"(?!data:)[^\"]*", page) == []
    assert "http://" not in page.replace("http://www.w3.org", "")
    assert "default-src 'none'" in page


_PROBE = """<script>
window.errors = []; window.onerror = message => errors.push(String(message));
console.error = message => errors.push(String(message));
window.addEventListener("load", () => {
  const rows = () => [...document.getElementById("questions").tBodies];
  const confidences = () => rows().map(body => Number(body.rows[0].cells[2].textContent));
  const head = document.querySelectorAll("#questions thead th")[2];
  const seen = {title: document.title, first: confidences()};
  head.click(); seen.up = confidences();
  head.click(); seen.down = confidences();
  const topic = document.querySelector('select[data-tag="topic"]');
  topic.value = "rag"; topic.dispatchEvent(new Event("input", {bubbles: true}));
  seen.rag = rows().filter(body => !body.hidden).length;
  topic.value = ""; document.getElementById("search").value = "question 3";
  topic.dispatchEvent(new Event("input", {bubbles: true}));
  seen.found = rows().filter(body => !body.hidden).map(body => body.rows[0].cells[0].textContent.slice(0, 10));
  rows()[0].querySelector(".detail th").click();
  rows()[0].rows[0].click(); seen.open = !rows()[0].rows[1].hidden;
  seen.charts = document.querySelectorAll("svg").length;
  seen.width = document.querySelector("svg").getBoundingClientRect().width > 200;
  seen.images = document.images.length; seen.errors = errors;
  document.body.innerHTML = "<pre id=seen></pre>";
  document.getElementById("seen").textContent = JSON.stringify(seen);
});
</script>"""


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed: apt-get install chromium")
def test_a_browser_renders_sorts_and_filters_without_an_error(tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    page.write_text(render(report(four())).replace("<head>", f"<head>{_PROBE}"), encoding="utf-8")
    flags = "--headless --no-sandbox --disable-gpu --disable-background-networking --enable-logging=stderr --dump-dom"
    seen = subprocess.run(
        [str(CHROMIUM), *flags.split(), f"--user-data-dir={tmp_path / 'profile'}", page.as_uri()],
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip

    assert "CONSOLE" not in seen.stderr
    found = re.search(r'<pre id="seen">(.*?)</pre>', seen.stdout, re.DOTALL)
    assert found, seen.stdout[-500:]
    told = json.loads(found.group(1).replace("&amp;", "&").replace("&lt;", "<").replace("&gt;", ">"))
    assert told["errors"] == []
    assert told["title"].startswith("prep eval")
    assert told["up"] == [0.1, 0.2, 0.3, 0.4]
    assert told["down"] == [0.4, 0.3, 0.2, 0.1]
    assert told["rag"] == 2
    assert told["found"] == ["question 3"]
    assert (told["open"], told["charts"], told["width"], told["images"]) == (True, 3, True, 0)


def test_charts_escape_labels_and_hold_their_numbers() -> None:
    half = Figure(mean=0.5, low=0.25, high=0.75, n=4)
    drawn = charts.bars({"<b>": {"recall": half}}, "t")

    assert "<b>" not in drawn
    assert "0.500 (0.250–0.750), n = 4" in drawn
    assert charts.curve([(0.0, 0.0), (1.0, 1.0)], "t", "x", "y").count(",") >= 2
    assert charts.histogram([], "t", "x").startswith("<figure>")


def test_the_markdown_tells_figures_command_and_date() -> None:
    told = markdown.table(report(four()))

    assert "`prep eval`, 2026-01-01" in told
    assert "| citations.precision | 1.000 (1.000–1.000) | 4 | 0 |" in told


# The comparison.


def test_a_run_compared_with_itself_has_not_changed() -> None:
    found = compare(report(four()), report(four()))

    assert found.fallen == []
    assert all(change.difference.mean == 0 and not change.better and not change.worse for change in found.changes)


def test_a_bare_report_compares_like_the_whole_one_and_holds_no_text() -> None:
    now = [row(n, measures={NAME: 0.0, "citations.precision": 1.0}) for n in range(1, 5)]
    whole = report(four())

    assert compare(whole.bare(), report(now)) == compare(whole, report(now))
    assert all((each.answer, each.passages) == (None, []) for each in whole.bare().rows)


def test_a_guarded_figure_that_falls_is_named_with_its_questions() -> None:
    now = [row(n, measures={NAME: 0.0 if n > 1 else 0.25, "citations.precision": 1.0}) for n in range(1, 5)]
    found = compare(report(four()), report(now))

    [change] = [each for each in found.changes if each.metric == NAME]
    assert found.fallen == [NAME]
    assert change.worse == ("q2", "q3", "q4")
    assert change.difference.mean == pytest.approx(-(0.5 + 0.75 + 1) / 4)


def test_one_question_less_of_a_figure_without_spread_has_fallen() -> None:
    now = four(measures={NAME: 1.0, "citations.precision": 0.5})

    assert compare(report(four()), report(now)).fallen == ["citations.precision"]


def test_a_guarded_figure_that_is_measured_no_more_has_fallen() -> None:
    now = [row(n, measures={NAME: n / 4}) for n in range(1, 5)]

    assert compare(report(four()), report(now)).fallen == ["citations.precision"]


def test_a_failure_counts_as_zero_in_a_comparison() -> None:
    now = four(measures={NAME: 1.0, "citations.precision": None})

    assert compare(report(four()), report(now)).fallen == ["citations.precision"]


def test_other_questions_and_another_judge_are_noted() -> None:
    later = report([row(1), row(9)], judge={"name": "gpt", "kind": "llm"})
    found = compare(report([row(1), row(2)]), later)

    assert (found.only_before, found.only_now) == (("q2",), ("q9",))
    assert found.notes == ("the judge was 'none' and is 'gpt'",)


# The command.


@pytest.mark.parametrize(
    ("fallen", "code"), [pytest.param(False, 0, id="nothing fell"), pytest.param(True, 1, id="a guarded figure fell")]
)
def test_the_command_ends_with_1_when_a_guarded_figure_fell(
    fallen: bool, code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "before.json").write_text(report(four()).model_dump_json())
    now = four(measures={NAME: 1.0, "citations.precision": 0.0}) if fallen else four()
    monkeypatch.setattr("cli.benchmark.run", lambda *_: report(now))

    ran = CliRunner().invoke(app, ["--out", str(tmp_path / "out"), "--baseline", str(tmp_path / "before.json")])

    assert ran.exit_code == code, ran.output
    assert ("fell: citations.precision" in ran.output) is fallen
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "report.json",
        "report.html",
        "report.md",
        "baseline.json",
    }
    assert len(read_report(tmp_path / "out" / "report.json").rows) == 4


def test_a_canary_that_fails_ends_the_command_with_1(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    silent = report(four(), canary={"passed": False, "detail": "silence"})
    monkeypatch.setattr("cli.benchmark.run", lambda *_: silent)

    ran = CliRunner().invoke(app, ["--out", str(tmp_path)])

    assert ran.exit_code == 1
    assert "canary FAILED: silence" in ran.output


# The judge's agreement.


def test_agreement_by_hand() -> None:
    """Three supported of which two are judged right, two unsupported of which one is, by a failure that counts."""
    labels = (1, 1, 1, 0, 0)
    statements = [
        Statement(id=str(n), context="c", statement="s", label=label, change="verbatim" if label else "swap")
        for n, label in enumerate(labels)
    ]
    found = agreement(statements, [True, True, False, False, None], [0.9, 0.8, 0.2, 0.1, 0.2])

    assert found.failures == 1
    assert found.balanced_accuracy.mean == pytest.approx((2 / 3 + 1 / 2) / 2, abs=1e-4)
    assert found.auc is not None
    assert found.auc.mean == pytest.approx(5.5 / 6, abs=1e-4)
    assert found.by_change["swap"].failures == 1
