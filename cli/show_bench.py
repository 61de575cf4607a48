"""The speed report as text: ratios with their quartiles, then what they are made of."""

from collections.abc import Iterator

from rich.console import Console
from rich.table import Table

from eval.bench import BenchReport
from eval.timing import Ratio, Spread


def report(console: Console, found: BenchReport) -> None:
    """A table of ratios, and a line for everything else."""
    table = Table("chunks", "time of", "over", "ratio (quartiles)", "ms", "ms", box=None, header_style="bold")
    for of in (found.retrieval, found.lexical):
        for size, ratios in of.items():
            for each in ratios:
                table.add_row(f"{size:,}", *_row(each))
    if found.ingest:
        table.add_row("", *_row(found.ingest.ratio))
    console.print(table, soft_wrap=True)
    for line in _lines(found):
        console.print(line, highlight=False, soft_wrap=True)


def _row(each: Ratio) -> tuple[str, ...]:
    return each.of, each.to, _spread(each.ratio), f"{each.of_ms.median:.2f}", f"{each.to_ms.median:.2f}"


def _spread(each: Spread) -> str:
    digits = 1 if each.median >= 10 else 2
    return f"{each.median:.{digits}f} ({each.low:.{digits}f}–{each.high:.{digits}f})"


def _lines(report: BenchReport) -> Iterator[str]:
    yield f"BM25 scores differ from rank_bm25's by {report.lexical_difference:.1e} at most"
    if found := report.ingest:
        yield (
            f"ingest {found.chunks_per_second:.1f} chunks/s, plain encoding {found.plain_chunks_per_second:.1f}; "
            f"mean cosine {found.cosine:.4f}"
        )
    for size in report.sizes:
        yield (
            f"{size.chunks:,} chunks: {size.disk_mb_per_1000:.1f} MB of disk and {size.memory_mb_per_1000:.1f} MB of "
            f"memory per 1,000; a second ingest takes {size.again_seconds:.2f} s, {size.again:.2%} of the first "
            f"({size.first_seconds:.1f} s, most of its encoding left out)"
        )
    if many := report.clients:
        yield (
            f"{many.clients} clients get {many.all_per_second:.1f} answers/s, one gets {many.one_per_second:.1f}: "
            f"ratio {_spread(many.ratio)}"
        )
    if beside := report.beside_ingest:
        yield (
            f"an answer takes {beside.beside_ms.median:.1f} ms during an ingest, {beside.alone_ms.median:.1f} alone "
            f"(ratio {beside.ratio:.2f}); the longest of {beside.answers} took {beside.longest:.1%} of the ingest"
        )
    if start := report.start:
        yield f"`prep ask` takes {_spread(start.seconds)} s, {start.imports:.0%} of it importing"
    for line in report.skipped:
        yield f"skipped: {line}"
    yield f"{report.seconds:.0f} s in all"
