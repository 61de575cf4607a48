"""Figures as tables on stdout."""

from rich.console import Console
from rich.table import Table

from eval.retrieval import MEASURES, RetrievalReport


def retrieval(console: Console, report: RetrievalReport) -> None:
    """A row for each stage: mean and 95 % interval of each measure."""
    table = Table("stage", *MEASURES, box=None, header_style="bold")
    for stage, of in report.stages.items():
        cells = (of[name] for name in MEASURES)
        table.add_row(stage, *(f"{each.mean:.3f} ({each.low:.3f}–{each.high:.3f})" for each in cells))
    console.print(table, soft_wrap=True)
    left_out = f", {report.left_out} without a relevant document left out" if report.left_out else ""
    console.print(
        f"{report.dataset} {report.split}: {report.documents:,} documents in {report.chunks:,} chunks, "
        f"{report.queries} queries{left_out}; mean and 95 % interval, 1,000 resamples of the queries\n"
        f"index {report.seconds['index']:.1f} s, queries {report.seconds['queries']:.1f} s, "
        f"fingerprint {report.fingerprint}",
        highlight=False,
        soft_wrap=True,
    )
