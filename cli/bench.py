"""`prep bench`: speed against peers, as ratios of times taken in turns."""

import json
from typing import Annotated

import typer
from rich.console import Console

from core.settings import Settings


def bench(
    sizes: Annotated[str, typer.Option(metavar="N,N", help="Chunks of each index; 100000 takes a while.")] = (
        "1000,10000"
    ),
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON value and nothing else on stdout.")] = False,
) -> None:
    """Speed of retrieval, ingest and start, side by side with LangChain, rank_bm25, bm25s and a cross-encoder.

    The peers are optional: `pip install -e ".[bench]"`. Example: `prep bench --sizes 1000,100000`
    """
    counts = _counts(sizes)
    from cli import show_bench
    from eval.bench import Plan, run_bench
    from ingest.pipeline import ingest

    err = Console(stderr=True)
    report = run_bench(Plan(sizes=counts), Settings(), ingest, lambda line: err.print(line, highlight=False))
    if as_json:
        print(json.dumps(report.as_json(), ensure_ascii=False))
    else:
        show_bench.report(Console(), report)


def _counts(sizes: str) -> tuple[int, ...]:
    try:
        counts = tuple(int(each) for each in sizes.replace("_", "").split(","))
    except ValueError:
        counts = ()
    if not counts or min(counts) < 100:
        raise typer.BadParameter("write numbers of at least 100 between commas, for example 1000,10000")
    return counts
