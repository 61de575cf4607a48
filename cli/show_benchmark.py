"""What `prep eval` prints: the figures of a run, and what changed since an earlier one."""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from eval.compare import Change, Comparison
from eval.intervals import Estimate
from eval.report import Figure, Report

_EARLIER_STAGES = ("retrieval.bm25.", "retrieval.dense.", "retrieval.fused.")
_NAMED = 6


def report(console: Console, made: Report, files: Sequence[Path]) -> None:
    """Every figure of the served pipeline with interval, n and failures; latency; the judge; where the files are."""
    table = Table("measure", "mean", "95 %", "n", "failures", box=None, header_style="bold")
    for name, figure in made.metrics.items():
        if not name.startswith(_EARLIER_STAGES):
            table.add_row(name, f"{figure.mean:.3f}", _interval(figure), str(figure.n), str(figure.failures))
    for stage, latency in made.latency_ms.items():
        table.add_row(f"ms {stage}", f"{latency.p50:.1f}", f"p95 {latency.p95:.1f}", str(latency.n), "")
    console.print(table, soft_wrap=True)
    _says(console, made)
    console.print(" ".join(map(str, files)), highlight=False, soft_wrap=True)


def _says(console: Console, made: Report) -> None:
    counts = made.counts
    lines = [
        f"{counts.questions} questions, {counts.refused} refused, {counts.failures} failed; "
        f"{made.answers_per_second} answers per second"
        + ("" if made.cold_start_s is None else f", cold start {made.cold_start_s} s"),
        f"judge: {made.judge.name}" + (f" ({made.judge.reason})" if made.judge.reason else ""),
    ]
    if agreement := made.judge.agreement:
        auc = f", AUC {agreement.auc.mean:.3f}" if agreement.auc else ""
        lines.append(
            f"its agreement with {agreement.n} labelled statements: "
            f"balanced accuracy {agreement.balanced_accuracy.mean:.3f}{auc}, {agreement.failures} failed"
        )
    if made.canary:
        lines.append(f"canary {'passed' if made.canary.passed else 'FAILED'}: {made.canary.detail}")
    for line in lines:
        console.print(escape(line), highlight=False, soft_wrap=True)


def comparison(console: Console, found: Comparison) -> None:
    """Figures that moved, with the questions that got better and worse; then what fell."""
    table = Table("measure", "before", "now", "difference (95 %)", "better", "worse", box=None, header_style="bold")
    for change in found.changes:
        if change.better or change.worse:
            table.add_row(*_row(change), style="red" if change.fell and change.guarded else None)
    if table.row_count:
        console.print(table, soft_wrap=True)
    for change in found.changes:
        if change.guarded and change.worse:
            console.print(f"worse in {change.metric}: {_named(change.worse)}", highlight=False, soft_wrap=True)
        if change.guarded and change.better:
            console.print(f"better in {change.metric}: {_named(change.better)}", highlight=False, soft_wrap=True)
    for note in (*found.notes, *_unpaired(found)):
        console.print(f"note: {escape(note)}", highlight=False, soft_wrap=True)
    verdict = f"[red]fell: {', '.join(found.fallen)}[/red]" if found.fallen else "no guarded figure fell"
    console.print(verdict, highlight=False, soft_wrap=True)


def _row(change: Change) -> tuple[str, ...]:
    return (
        change.metric,
        f"{change.before.mean:.3f}",
        f"{change.now.mean:.3f}",
        f"{change.difference.mean:+.3f} ({change.difference.low:+.3f} to {change.difference.high:+.3f})",
        str(len(change.better)),
        str(len(change.worse)),
    )


def _unpaired(found: Comparison) -> list[str]:
    told = {"only in the baseline": found.only_before, "new": found.only_now}
    return [f"{len(ids)} questions {name}: {_named(ids)}" for name, ids in told.items() if ids]


def _named(ids: Sequence[str]) -> str:
    more = f" and {len(ids) - _NAMED} more" if len(ids) > _NAMED else ""
    return ", ".join(ids[:_NAMED]) + more


def _interval(figure: Figure | Estimate) -> str:
    return f"{figure.low:.3f}–{figure.high:.3f}"
