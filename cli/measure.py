"""Puts ingest and service together for a measurement: a dataset becomes an index, its queries are asked of it."""

import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

from core.encoder import Encoder
from core.errors import IndexMissing
from core.fingerprint import index_fingerprint
from core.index import Index
from core.settings import IndexSettings, Settings
from eval.beir import Dataset
from eval.retrieval import RetrievalReport, measure
from ingest.pipeline import ingest_documents
from service.bootstrap import build_reranker
from service.retrieval import Retriever

Progress = Callable[[str, int, int], None]


def evaluate(dataset: Dataset, settings: Settings, cache: Path | None, progress: Progress) -> RetrievalReport:
    """Index the documents by the code that ingests, ask the queries of the code that serves."""
    encoder = Encoder(settings.encoder)
    started = time.perf_counter()
    with _folder(dataset, encoder, cache) as folder:
        placed = settings.model_copy(update={"index": IndexSettings(directory=folder, chroma_url=None)})
        with closing(_index(dataset, placed, encoder, progress)) as index:
            indexed = time.perf_counter()
            retriever = Retriever(encoder, settings.retrieval)
            stages = measure(dataset, index, retriever, build_reranker(settings.retrieval), progress)
            return RetrievalReport(
                dataset=dataset.name,
                split=dataset.split,
                documents=len(dataset.documents),
                chunks=len(index.chunk_ids),
                queries=len(dataset.queries),
                left_out=dataset.left_out,
                stages=stages,
                fingerprint=f"{index.manifest.fingerprint}-{settings.fingerprint}",
                seconds={
                    "index": round(indexed - started, 3),
                    "queries": round(time.perf_counter() - indexed, 3),
                },
            )


@contextmanager
def _folder(dataset: Dataset, encoder: Encoder, cache: Path | None) -> Iterator[Path]:
    """A place for the index: named in the cache by what makes it, else gone afterwards."""
    if cache is None:
        with TemporaryDirectory(prefix="prep-eval-") as folder:
            yield Path(folder)
    else:
        made_of = sha256(index_fingerprint(encoder).encode())
        for document in dataset.documents:
            made_of.update(repr((document.id, document.title, document.text)).encode())
        yield cache / f"{dataset.name}-{made_of.hexdigest()[:12]}"


def _index(dataset: Dataset, settings: Settings, encoder: Encoder, progress: Progress) -> Index:
    try:
        return Index.open(settings.index)
    except IndexMissing:
        ingest_documents(dataset.documents, settings, encoder, progress)
        return Index.open(settings.index)
