"""A verifier's figures as tables on stdout."""

from rich.console import Console
from rich.table import Table

from eval.intervals import Estimate
from eval.judge import JudgeReport


def table(console: Console, report: JudgeReport) -> None:
    """The figures over all pairs, then a row for each kind of statement."""
    told = report.confusion
    supported = told["true_positive"] + told["false_negative"]
    unsupported = told["false_positive"] + told["true_negative"]
    console.print(
        f"{report.judge}, threshold {report.threshold:.3f}, {report.auc.n} pairs\n"
        f"AUC {_interval(report.auc)}, balanced accuracy {_interval(report.balanced_accuracy)}\n"
        f"passed: {told['true_positive']} of {supported} supported, {told['false_positive']} of {unsupported} not",
        highlight=False,
        soft_wrap=True,
    )
    kinds = Table("kind", "n", "AUC", "passed", box=None, header_style="bold")
    for kind, of in report.by_change.items():
        kinds.add_row(kind, str(of.n), f"{of.auc:.3f}", f"{of.passed:.0%}")
    console.print(kinds, soft_wrap=True)


def _interval(of: Estimate) -> str:
    return f"{of.mean:.3f} ({of.low:.3f}–{of.high:.3f})"
