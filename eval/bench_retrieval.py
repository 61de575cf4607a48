"""How long a question takes over one index, against its own encoding and against peers on the same chunks."""

import shutil
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from core.encoder import Encoder
from core.index import Index
from core.lexical import LexicalIndex
from core.settings import Settings
from core.text import terms
from eval.peers import Ask, RankBM25, bm25s_search, chroma_collection, cross_encoder_pipeline, ensemble_retriever
from eval.timing import Ratio, alternate, ratio
from service.bootstrap import build_pipeline
from service.pipeline import Request
from service.retrieval import best

OURS, ENCODING = "prep", "encoding the question"
# It takes a second a question.
_SLOW = "cross-encoder pipeline"
_SLOW_QUESTIONS = 5
_DEPTH = 50


@dataclass(slots=True)
class Measured:
    """Ratios, and a line for each peer that is not installed."""

    ratios: list[Ratio] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)


def measure_retrieval(settings: Settings, encoder: Encoder, questions: Sequence[str], work: Path) -> Measured:
    """Whole retrieval: eight passages with their texts, by every contestant that is installed."""
    measured = Measured()
    pipeline = build_pipeline(settings, encoder)
    ours: dict[str, Ask] = {
        ENCODING: lambda question: encoder.encode([question]),
        OURS: lambda question: pipeline.search(Request(question), settings.retrieval.passages),
    }
    with closing(pipeline.live), pipeline.live.reading() as index:
        times = alternate(ours, questions)
        measured.ratios.append(ratio(times, OURS, ENCODING))
        _measure_peers(measured, index, ours[OURS], encoder, questions, work)
    return measured


def _measure_peers(
    measured: Measured,
    index: Index,
    ours: Ask,
    encoder: Encoder,
    questions: Sequence[str],
    work: Path,
) -> None:
    chunks = index.store.get(index.chunk_ids)
    texts = [chunk.encoded for chunk in chunks]
    bm25 = RankBM25([terms(chunk.searched) for chunk in chunks])
    shutil.copytree(index.folder / "chroma", work / "chroma")
    client, collection = chroma_collection(work / "chroma")
    with closing(client):
        peers: dict[str, Callable[[], Ask]] = {
            "LangChain ensemble": lambda: ensemble_retriever(client, bm25, texts, encoder),
            _SLOW: lambda: cross_encoder_pipeline(collection, bm25, texts, encoder, work / "cross-encoder"),
        }
        for name, build in peers.items():
            try:
                peer = build()
            except ImportError as error:
                measured.skipped.append(f"{name}: {error}")
                continue
            asked = questions[:_SLOW_QUESTIONS] if name == _SLOW else questions
            measured.ratios.append(ratio(alternate({OURS: ours, name: peer}, asked), name, OURS))


def measure_lexical(documents: Sequence[Sequence[str]], questions: Sequence[str]) -> tuple[Measured, float]:
    """BM25 over all chunks against rank_bm25, with the largest difference of scores, and the best 50 against bm25s."""
    measured = Measured()
    asked = [terms(question) for question in questions]
    index, peer = LexicalIndex.build(documents), RankBM25(documents)
    times = alternate({OURS: index.scores, "rank_bm25": peer.scores}, asked)
    measured.ratios.append(ratio(times, "rank_bm25", OURS))
    difference = max(float(np.abs(index.scores(each) - peer.scores(each)).max()) for each in asked)
    try:
        search = bm25s_search(documents, _DEPTH)
    except ImportError as error:
        measured.skipped.append(f"bm25s: {error}")
        return measured, difference
    times = alternate({OURS: lambda each: best(index.scores(each), _DEPTH), "bm25s": search}, asked)
    measured.ratios.append(ratio(times, "bm25s", OURS))
    return measured, difference
