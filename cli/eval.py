"""`prep eval …`: quality as figures with intervals, measured by what is served."""

import json
import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from cli.progress import progress_bar
from core.settings import Settings
from core.types import Length

app = typer.Typer(rich_markup_mode="markdown")


@app.callback(invoke_without_command=True)
def main(
    context: typer.Context,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where the reports are written.")] = Path("reports"),
    split: Annotated[str, typer.Option(help="Which questions of the golden set.")] = "test",
    url: Annotated[str | None, typer.Option(help="Measure this running service instead.")] = None,
    baseline: Annotated[Path | None, typer.Option(metavar="FILE", help="An earlier report.")] = None,
    index: Annotated[Path | None, typer.Option(metavar="DIR", help="Folder of the index.")] = None,
    length: Annotated[Length, typer.Option(help="Length of the answers asked for.")] = "standard",
    questions: Annotated[Path | None, typer.Option(metavar="FILE", help="Questions of your own.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Only so many questions, spread over the set.")] = None,
    judge: Annotated[bool, typer.Option(help="Whether answers are judged by RAGAS.")] = True,
) -> None:
    """Measure quality by what is served: the golden questions, asked of the pipeline, become a report.

    Writes report.json, report.html, report.md and baseline.json. With `--baseline` (an earlier report.json or
    baseline.json) it ends with 1 when a guarded figure fell.

    Example: `prep eval --out reports --baseline reports/baseline.json`
    """
    if context.invoked_subcommand is not None:
        return
    from cli import benchmark, show_benchmark
    from eval.compare import compare
    from eval.golden import QUESTIONS
    from eval.report import read_report

    earlier = read_report(baseline) if baseline else None
    command = " ".join(["prep", *map(shlex.quote, sys.argv[1:])])
    options = benchmark.Options(questions or QUESTIONS, split, url, length, limit, judge, command)
    with progress_bar(Console(stderr=True)) as progress:
        report = benchmark.run(options, Settings().at(index), progress)
    console = Console()
    show_benchmark.report(console, report, benchmark.write(report, out))
    fallen = []
    if earlier:
        found = compare(earlier, report)
        show_benchmark.comparison(console, found)
        fallen = found.fallen
    failed = report.counts.failures or (report.canary and not report.canary.passed)
    raise typer.Exit(1 if failed or fallen else 0)


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


@app.command("judge")
def judge_verifier(
    pairs: Annotated[Path, typer.Option(metavar="FILE", help="JSON Lines of context, statement, label, change.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON value and nothing else on stdout.")] = False,
) -> None:
    """How well the verifier tells supported statements from unsupported ones, on labelled pairs.

    Example: `prep eval judge --pairs data/golden/statements.jsonl`
    """
    from cli import show_judge
    from eval.judge import judge_pairs, load_pairs
    from service.bootstrap import build_verifier

    settings = Settings()
    labelled = load_pairs(pairs)
    with progress_bar(Console(stderr=True)) as progress:
        report = judge_pairs(labelled, build_verifier(settings), settings.verifier.name, progress)
    if as_json:
        print(json.dumps(report.as_json(), ensure_ascii=False))
    else:
        show_judge.table(Console(), report)


@app.command("generate-questions")
def generate_questions(
    out: Annotated[Path, typer.Option(metavar="FILE", help="JSON Lines for `prep eval --questions`.")],
    index: Annotated[Path | None, typer.Option(metavar="DIR", help="Folder of the index.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Only so many, spread over the corpus.")] = None,
) -> None:
    """Make questions of your own corpus, marked as made.

    With a language model (PREP_JUDGE__BASE_URL and __MODEL) by RAGAS's test-set generation; without one, headings and
    aliases are turned into questions.

    Example: `prep eval generate-questions --out mine.jsonl && prep eval --questions mine.jsonl`
    """
    from cli.generate import generate
    from eval.questions import write

    made = generate(Settings().at(index), limit)
    write(made, out)
    print(f"{len(made)} questions in {out}, made by {made[0].generated if made else 'nobody'}")
