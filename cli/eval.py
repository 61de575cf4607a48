"""`prep eval …`: quality as figures with intervals, measured by what is served."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from cli.progress import progress_bar
from core.settings import Settings

app = typer.Typer(no_args_is_help=True, rich_markup_mode="markdown")


@app.callback()
def main() -> None:
    """Measure quality by what is served."""


@app.command()
def retrieval(
    dataset: Annotated[Path, typer.Option(metavar="DIR", help="Holds corpus.jsonl, queries.jsonl, qrels/SPLIT.tsv.")],
    split: Annotated[str, typer.Option(help="Which file of qrels/.")] = "test",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON value and nothing else on stdout.")] = False,
    cache: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Keep the index here, so that a second call encodes nothing.")
    ] = None,
) -> None:
    """Retrieval quality on any dataset in BEIR's layout, stage by stage, by the code that serves.

    Example: `prep eval retrieval --dataset ~/beir/scifact --cache /tmp/indexes`
    """
    from cli import show_eval
    from cli.measure import evaluate
    from eval.beir import load_beir

    with progress_bar(Console(stderr=True)) as progress:
        report = evaluate(load_beir(dataset, split), Settings(), cache, progress)
    if as_json:
        print(json.dumps(report.as_json(), ensure_ascii=False))
    else:
        show_eval.retrieval(Console(), report)
