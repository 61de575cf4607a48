"""What a person sees: answers, passages and documents as text on stdout; colour on a terminal only."""

from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.live import Live
from rich.markdown import Markdown
from rich.markup import escape
from rich.table import Table

from core.index import Index
from core.types import Answer, Citation, Passage, Sentence
from service.composition import Written
from service.pipeline import Event, Found
from service.render import render

_PREVIEW = 160


def streamed(console: Console, events: Iterable[Event]) -> Answer:
    """An answer while it is written: its sentences so far, which give way to the whole in the end."""
    sentences: list[Sentence] = []
    with Live(console=console, transient=True, vertical_overflow="visible") as live:
        for event in events:
            if isinstance(event, Written):
                sentences[event.position :] = [event.sentence]
                live.update(Markdown(render(sentences)), refresh=True)
            elif isinstance(event, Found):
                live.update(f"[dim]reading {len(event.passages)} passages …[/dim]", refresh=True)
    assert isinstance(event, Answer)
    return event


def answer(console: Console, found: Answer) -> None:
    """The answer, then where each citation stands."""
    if found.rewritten_question:
        console.print(f"[dim]read as: {escape(found.rewritten_question)}[/dim]", soft_wrap=True)
    if console.is_terminal:
        console.print(Markdown(found.text))
    else:
        console.print(found.text, markup=False, soft_wrap=True)
    if found.citations:
        console.print("\n[bold]Sources[/bold]")
    for citation in found.citations:
        console.print(_citation(citation), soft_wrap=True)
    if found.removed:
        console.print(f"\n{len(found.removed)} unsupported sentences were removed from the draft.")
    if found.fallback_reason:
        console.print(f"\nAnswered from the sources alone: {escape(found.fallback_reason)}")


def _citation(citation: Citation) -> str:
    where = " › ".join(dict.fromkeys([citation.title, *citation.heading_path]))
    return escape(f"[{citation.n}] {where} ({citation.source}, characters {citation.start}–{citation.end})")


def passages(console: Console, found: Sequence[Passage]) -> None:
    """One passage after another with its scores."""
    for rank, passage in enumerate(found, start=1):
        scores = passage.scores
        console.print(
            f"[bold]{rank}. {escape(passage.title)}[/bold] [dim]{escape(passage.source)}[/dim]", soft_wrap=True
        )
        console.print(
            f"   fused {scores.fused:.2f}  late interaction {scores.late_interaction:.2f}  "
            f"dense {scores.dense:.2f}  bm25 {scores.bm25:.2f}",
            highlight=False,
        )
        text = " ".join(passage.chunk.text.split())
        console.print(f"   {escape(text[:_PREVIEW])}{'…' if len(text) > _PREVIEW else ''}", soft_wrap=True)


def documents(console: Console, index: Index) -> None:
    """A table of what is in the index."""
    table = Table("id", "title", "source", "questions", "chunks", box=None)
    for id_, record in sorted(index.manifest.documents.items(), key=lambda item: item[1].sources):
        sources = record.sources[0] + (f" (+{len(record.sources) - 1})" if len(record.sources) > 1 else "")
        table.add_row(id_, escape(record.title), escape(sources), str(record.questions), str(record.chunks))
    console.print(table)


def problems(console: Console, lines: Iterable[str]) -> None:
    """One line for each source that was not read."""
    for line in lines:
        console.print(f"[red]not read[/red] {escape(line)}", soft_wrap=True)
