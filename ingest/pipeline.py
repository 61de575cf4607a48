"""Files → index: load → clean → split → encode → write. The only file that knows the order of these steps."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from itertools import chain, islice
from pathlib import Path

from core.encoder import Encoder
from core.errors import IndexMissing, PrepError
from core.fingerprint import index_fingerprint
from core.generations import Generations
from core.index import Index
from core.manifest import FileRecord
from core.settings import IndexSettings, Settings
from core.types import Chunk, Document
from ingest import split as splitter
from ingest.catalogue import Catalogue
from ingest.encode import encode
from ingest.load import load
from ingest.outcome import IngestReport, Problem
from ingest.plan import Plan, make_plan
from ingest.write import GenerationWriter, sweep

# Chunks encoded and written together; bounds what an ingest holds in memory.
_BATCH = 256
Progress = Callable[[str, int, int], None]
"""Called with the name of a file, how many are done and how many there are to read."""


def ingest(
    paths: Sequence[Path],
    settings: Settings,
    encoder: Encoder,
    *,
    rebuild: bool = False,
    restore: bool = False,
    progress: Progress = lambda *_: None,
) -> IngestReport:
    """Bring the index up to date with the files at `paths`; files that cannot be read are listed, the rest goes on.

    An index of another encoder, splitter or layout raises `IndexMismatch`; with `rebuild` it is made anew from every
    file on record, and from its own texts where a file is gone. With `restore`, documents that were removed from the
    files at `paths` come back though these have not changed. Without paths, there must be an index: `IndexMissing`.
    """
    started = time.perf_counter()
    made_by = index_fingerprint(encoder)
    with _updating(settings.index) as (generations, previous):
        if previous is None and not paths:
            raise _missing(settings.index)
        stale = previous is not None and previous.manifest.fingerprint != made_by
        if previous and not rebuild:
            previous.require(made_by)
        plan = make_plan(paths, _records(previous, paths if restore else ()), read_again=stale)
        report = IngestReport(unchanged=plan.unchanged, removed=plan.removed, problems=plan.problems)
        base = None if stale else previous
        catalogue = Catalogue(plan.keep, base.manifest.documents if base else {})
        documents = chain(_loaded(plan, catalogue, settings, report, progress), _salvaged(catalogue, previous))
        first = list(islice(documents, 1))
        if base and not first and catalogue.files == base.manifest.files and not _moves(base, settings.index):
            manifest = base.manifest
        else:
            with GenerationWriter(generations, settings.index, base) as writer:
                report.encoded = _write(writer, chain(first, documents), catalogue, encoder)
                manifest = writer.publish(catalogue, made_by)
        failed = {problem.source for problem in report.problems}
        read = (str(source.path) for source, _ in plan.to_read if source.name not in failed)
        report.close(manifest, read, time.perf_counter() - started)
        return report


def ingest_documents(
    documents: Sequence[Document], settings: Settings, encoder: Encoder, progress: Progress = lambda *_: None
) -> int:
    """Make an index of these documents alone, which come from no file of their own; the number of its chunks."""
    with _updating(settings.index) as (generations, _):
        sources = {document.id: document.sources[0] for document in documents}
        catalogue = Catalogue({"": FileRecord(name="", sha256="", documents=sources)}, {})
        with GenerationWriter(generations, settings.index, None) as writer:
            written = _write(writer, _told(documents, progress), catalogue, encoder)
            writer.publish(catalogue, index_fingerprint(encoder))
    return written


def remove(document_ids: Sequence[str], settings: Settings) -> IngestReport:
    """Take documents out of the index; they stay out until their files change. An upload left without any is deleted.

    Raises `DocumentNotFound` for an id that is not there, and then removes nothing.
    """
    started = time.perf_counter()
    with _updating(settings.index) as (generations, previous):
        if previous is None:
            raise _missing(settings.index)
        for document_id in document_ids:
            previous.record(document_id)
        catalogue = Catalogue(previous.manifest.files, previous.manifest.documents)
        catalogue.forget(document_ids)
        emptied = catalogue.strike(settings.index.uploads.resolve())
        with GenerationWriter(generations, settings.index, previous) as writer:
            manifest = writer.publish(catalogue, previous.manifest.fingerprint)
        for path in emptied:
            path.unlink(missing_ok=True)
        report = IngestReport(removed=len(document_ids))
        report.close(manifest, (), time.perf_counter() - started)
        return report


@contextmanager
def _updating(settings: IndexSettings) -> Iterator[tuple[Generations, Index | None]]:
    """The writer's lock, leftovers of killed ingests swept, and the generation that answers now."""
    generations = Generations(settings.directory)
    with generations.writing():
        sweep(generations, str(settings.chroma_url) if settings.chroma_url else None)
        try:
            previous = Index.open(settings)
        except IndexMissing:
            yield generations, None
            return
        with closing(previous):
            yield generations, previous


def _missing(settings: IndexSettings) -> IndexMissing:
    return IndexMissing(f"there is no index in {settings.directory}", "run `prep ingest PATH`")


def _moves(previous: Index, settings: IndexSettings) -> bool:
    """Whether the chunks lie in another Chroma than the settings name."""
    return previous.manifest.chroma_url != (str(settings.chroma_url) if settings.chroma_url else None)


def _records(previous: Index | None, restored: Sequence[Path]) -> dict[str, FileRecord]:
    """The files on record; those to be restored are forgotten where a document of theirs was removed."""
    files = previous.manifest.files if previous else {}
    anew = {str(path.resolve()) for path in restored}
    return {path: record for path, record in files.items() if not (path in anew and record.removed)}


def _loaded(
    plan: Plan, catalogue: Catalogue, settings: Settings, report: IngestReport, progress: Progress
) -> Iterator[Document]:
    for done, (source, digest) in enumerate(plan.to_read):
        progress(source.name, done, len(plan.to_read))
        path = str(source.path)
        try:
            found = load(source.path, source.name, settings.ingest)
        except PrepError as error:
            report.problems.append(Problem.of(source.name, error))
            continue
        report.read += 1
        removed = catalogue.removed(path, digest)
        documents = [document for document in found if document.id not in removed]
        catalogue.files[path] = FileRecord(
            name=source.name,
            sha256=digest,
            documents={document.id: document.sources[0] for document in documents},
            removed=list(removed),
        )
        yield from documents


def _salvaged(catalogue: Catalogue, previous: Index | None) -> Iterator[Document]:
    """Documents whose files could not be read again, as the previous generation holds them."""
    if previous is not None:
        yield from map(previous.document, catalogue.lacking())


def _told(documents: Sequence[Document], progress: Progress) -> Iterator[Document]:
    for done, document in enumerate(documents):
        progress(document.sources[0], done, len(documents))
        yield document


def _write(writer: GenerationWriter, documents: Iterable[Document], catalogue: Catalogue, encoder: Encoder) -> int:
    """Split, encode and write what the catalogue does not hold yet; the number of chunks."""
    written = 0
    for chunks in _batches(_new_chunks(documents, catalogue, encoder)):
        writer.add(chunks, encode(chunks, encoder))
        written += len(chunks)
    return written


def _new_chunks(documents: Iterable[Document], catalogue: Catalogue, encoder: Encoder) -> Iterator[Chunk]:
    for document in documents:
        if document.id in catalogue:
            catalogue.retag(document)
            continue
        chunks = splitter.split(document, encoder.count_tokens, encoder.max_tokens)
        catalogue.add(document, chunks=len(chunks), questions=splitter.count_questions(document))
        yield from chunks


def _batches(chunks: Iterator[Chunk]) -> Iterator[list[Chunk]]:
    while batch := list(islice(chunks, _BATCH)):
        yield batch
