"""The `prep` command: thin verbs over the packages, one JSON value on stdout with `--json`, progress on stderr.

Exit codes: 0 done, 1 done but something was refused or failed, 2 wrong call.
"""

import json
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError
from pydantic_settings import SettingsError
from rich.console import Console
from rich.markup import escape

from cli import show
from cli.bench import bench
from cli.eval import app as eval_app
from cli.progress import progress_bar
from core.errors import InvalidDataset, InvalidFilter, InvalidQuestion, PrepError
from core.settings import Settings
from core.types import Length, Turn

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    help="Ask interview questions; every sentence of an answer is proved by the exact words of its source.",
)
app.add_typer(eval_app, name="eval")
app.command()(bench)
out, err = Console(), Console(stderr=True)
JsonFlag = Annotated[bool, typer.Option("--json", help="Print one JSON value and nothing else on stdout.")]
IndexDir = Annotated[Path | None, typer.Option("--index", metavar="DIR", help="Folder of the index.")]
FilterOption = Annotated[
    list[str] | None,
    typer.Option("--filter", metavar="TAG=VALUE", help="Only documents with this tag, e.g. role=ml-engineer."),
]


def main() -> None:
    """Entry point: runs a verb and turns the errors of `prep` into one line and an exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that cannot show a character still shows the rest
    try:
        app()
    except (InvalidQuestion, InvalidFilter, InvalidDataset) as error:
        err.print(f"[red]{escape(str(error))}[/red]", soft_wrap=True)
        sys.exit(2)
    except PrepError as error:
        err.print(f"[red]{escape(str(error))}[/red]", soft_wrap=True)
        sys.exit(1)
    except ValidationError as error:
        faults = (f"PREP_{'__'.join(map(str, item['loc'])).upper()}: {item['msg']}" for item in error.errors())
        err.print(f"[red]the settings are not valid: {escape('; '.join(faults))}[/red]", soft_wrap=True)
        sys.exit(2)
    except SettingsError as error:
        advice = "write JSON there, or set its values one by one, as PREP_LLM__MODEL"
        err.print(f"[red]the settings cannot be read: {escape(str(error))}: {advice}[/red]", soft_wrap=True)
        sys.exit(2)


@app.command()
def ask(
    question: Annotated[str, typer.Argument(help="In your own words.")],
    as_json: JsonFlag = False,
    index: IndexDir = None,
    length: Annotated[Length | None, typer.Option(help="brief can be spoken in 30 seconds.")] = None,
    filters: FilterOption = None,
    after: Annotated[
        list[str] | None,
        typer.Option(metavar="QUESTION", help="An earlier question that this one follows; may be repeated."),
    ] = None,
) -> None:
    """Answer a question from the corpus, or say that it does not hold the answer.

    Examples: `prep ask "why does L1 give sparse weights?" --length brief`,
    `prep ask "and when not?" --after "why does L1 give sparse weights?"`
    """
    from service.bootstrap import build_pipeline
    from service.pipeline import Request
    from service.schemas import AnswerSchema

    request = Request(question, length, parse_filters(filters), history=[Turn(earlier) for earlier in after or []])
    pipeline = build_pipeline(Settings().at(index))
    with closing(pipeline.live):
        if as_json or not out.is_terminal:
            answer = pipeline.answer(request)
        else:
            answer = show.streamed(out, pipeline.stream(request, pipeline.deadline(request)))
    if as_json:
        print(AnswerSchema.of(answer).model_dump_json())
    else:
        show.answer(out, answer)
    raise typer.Exit(1 if answer.refused else 0)


@app.command()
def search(
    question: Annotated[str, typer.Argument(help="In your own words.")],
    as_json: JsonFlag = False,
    k: Annotated[int, typer.Option("-k", min=1, max=100, help="How many passages.")] = 10,
    index: IndexDir = None,
    filters: FilterOption = None,
) -> None:
    """Ranked passages with the score of each stage.

    Example: `prep search "vanishing gradients" -k 5 --filter topic=deep-learning`
    """
    from service.bootstrap import build_pipeline
    from service.pipeline import Request
    from service.schemas import SearchSchema

    request = Request(question, filters=parse_filters(filters))
    pipeline = build_pipeline(Settings().at(index))
    with closing(pipeline.live):
        found = pipeline.search(request, k)
    if as_json:
        print(SearchSchema.of(question, found).model_dump_json())
    else:
        show.passages(out, found)


@app.command()
def ingest(
    paths: Annotated[
        list[Path] | None, typer.Argument(help="Files and folders; not needed with --rebuild.", show_default=False)
    ] = None,
    as_json: JsonFlag = False,
    index: IndexDir = None,
    rebuild: Annotated[
        bool, typer.Option(help="Make an index of other settings anew from every file on record.")
    ] = False,
) -> None:
    """Add or update documents; unchanged files cost nothing, files gone from a folder leave the index.

    Example: `prep ingest notes/ papers/rag.pdf --index ~/prep-index`
    """
    if not paths and not rebuild:
        raise typer.BadParameter("name files or folders, or give --rebuild to read again what is on record")
    from core.encoder import Encoder
    from ingest.pipeline import ingest as run

    settings = Settings().at(index)
    with progress_bar(err) as progress:
        report = run(paths or [], settings, Encoder(settings.encoder), rebuild=rebuild, progress=progress)
    show.problems(err, (f"{problem.message}: {problem.advice}" for problem in report.problems))
    print(json.dumps(asdict(report), ensure_ascii=False) if as_json else report.summary())
    raise typer.Exit(1 if report.problems else 0)


@app.command()
def documents(as_json: JsonFlag = False, index: IndexDir = None) -> None:
    """What is in the index."""
    with _opened(index) as opened:
        if as_json:
            rows = [{"id": id_, **record.model_dump()} for id_, record in opened.manifest.documents.items()]
            print(json.dumps({"documents": rows}, ensure_ascii=False))
        else:
            show.documents(out, opened)


@app.command()
def remove(
    ids: Annotated[list[str], typer.Argument(metavar="ID...")], index: IndexDir = None, as_json: JsonFlag = False
) -> None:
    """Take documents out of the index; they stay out until their files change. Ids: `prep documents`.

    An upload of which no document remains is deleted.
    """
    from ingest.pipeline import remove as run

    report = run(ids, Settings().at(index))
    print(json.dumps(asdict(report), ensure_ascii=False) if as_json else report.summary())


@app.command()
def status(as_json: JsonFlag = False, index: IndexDir = None) -> None:
    """The health of the index: what it holds, where, made by what, and whether its parts agree."""
    from core.health import health

    found = health(Settings().at(index))
    if as_json:
        print(json.dumps(asdict(found), ensure_ascii=False))
    else:
        for name, value in asdict(found).items():
            out.print(f"{name.replace('_', ' '):14} {value}", highlight=False, soft_wrap=True)
    raise typer.Exit(0 if found.healthy else 1)


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535)] = 8000,
    index: IndexDir = None,
) -> None:
    """The HTTP service; `/docs` describes it."""
    from cli.server import run

    run(Settings().at(index), host, port)


def parse_filters(filters: list[str] | None) -> dict[str, list[str]]:
    """`["role=ml-engineer"]` to `{"role": ["ml-engineer"]}`; raises `InvalidFilter`."""
    parsed: dict[str, list[str]] = {}
    for item in filters or []:
        name, equals, value = item.partition("=")
        if not (name and equals and value):
            raise InvalidFilter(f"the filter {item!r} is not TAG=VALUE", "write for example --filter role=ml-engineer")
        parsed.setdefault(name, []).append(value)
    return parsed


@contextmanager
def _opened(directory: Path | None) -> Iterator[Any]:
    from core.index import Index

    index = Index.open(Settings().at(directory).index)
    try:
        yield index
    finally:
        index.close()
