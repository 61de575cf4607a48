"""Comparable software, put together from its own parts as its documentation shows, on our chunks and our encoder.

Peers are optional (`pip install -e ".[bench]"`) and looked up by name when they run, so none is a dependency and each
vendor keeps its one home in the software. All get the terms that our lexical index has.
"""

import os
import shutil
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.encoder import Encoder, Floats
from core.text import terms
from core.weights import adapted_weights

Ask = Callable[[str], object]
# What a user of LangChain asks of each side, and how many passages a cross-encoder gets to see.
_RESULTS = 10
_CANDIDATES = 30


class RankBM25:
    """rank_bm25 over the terms of each chunk."""

    def __init__(self, documents: Sequence[Sequence[str]]) -> None:
        self.model = import_module("rank_bm25").BM25Okapi(documents)

    def scores(self, asked: Sequence[str]) -> NDArray[np.float64]:
        return np.asarray(self.model.get_scores(asked), np.float64)


def bm25s_search(documents: Sequence[Sequence[str]], k: int) -> Callable[[Sequence[str]], object]:
    """The `k` best chunks by bm25s, with rank_bm25's parameters."""
    model = import_module("bm25s").BM25(k1=1.5, b=0.75)
    model.index(list(documents), show_progress=False)
    return lambda asked: model.retrieve([list(asked)], k=min(k, len(documents)), show_progress=False)


def chroma_collection(folder: Path) -> tuple[Any, Any]:
    """A client and the collection of a copied Chroma folder."""
    chromadb = import_module("chromadb")
    client = chromadb.PersistentClient(str(folder), chromadb.config.Settings(anonymized_telemetry=False))
    return client, client.get_collection("chunks", embedding_function=None)


class _Embeddings:
    """Our encoder behind LangChain's interface."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder

    def embed_query(self, text: str) -> list[float]:
        return [float(each) for each in self._encoder.encode([text]).pooled[0]]

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return [[float(each) for each in row] for row in self._encoder.encode(texts).pooled]


def ensemble_retriever(client: Any, bm25: RankBM25, texts: Sequence[str], encoder: Encoder) -> Ask:
    """LangChain's EnsembleRetriever of a BM25Retriever and a Chroma vector store, ten results of each."""
    document = import_module("langchain_core.documents").Document
    lexical = import_module("langchain_community.retrievers").BM25Retriever(
        vectorizer=bm25.model,
        docs=[document(page_content=text) for text in texts],
        k=_RESULTS,
        preprocess_func=terms,
    )
    store = import_module("langchain_chroma").Chroma(
        client=client, collection_name="chunks", embedding_function=_Embeddings(encoder)
    )
    ensemble = import_module("langchain_classic.retrievers").EnsembleRetriever(
        retrievers=[lexical, store.as_retriever(search_kwargs={"k": _RESULTS})], weights=[0.5, 0.5]
    )
    return lambda question: ensemble.invoke(question)


def cross_encoder_pipeline(
    collection: Any, bm25: RankBM25, texts: Sequence[str], encoder: Encoder, folder: Path
) -> Ask:
    """rank_bm25 and Chroma by hand, thirty candidates scored by a cross-encoder of MiniLM-L6's size."""
    model = _random_cross_encoder(encoder.folder, folder)

    def ask(question: str) -> NDArray[np.intp]:
        vector = encoder.encode([question]).pooled[0]
        found = collection.query(query_embeddings=vector[np.newaxis], n_results=_CANDIDATES, include=["documents"])
        lexical = [texts[row] for row in np.argsort(-bm25.scores(terms(question)))[: _CANDIDATES // 2]]
        pool = list(dict.fromkeys([*lexical, *found["documents"][0]]))[:_CANDIDATES]
        return np.argsort(-model.predict([(question, text) for text in pool], show_progress_bar=False))

    return ask


def _random_cross_encoder(tokenizer: Path, folder: Path) -> Any:
    """Weights are random, since a cross-encoder costs the same whatever it says; the shape is ms-marco-MiniLM-L6's."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    transformers = import_module("transformers")
    import_module("transformers.utils.logging").disable_progress_bar()
    config = transformers.BertConfig(
        hidden_size=384, num_hidden_layers=6, num_attention_heads=12, intermediate_size=1536, num_labels=1
    )
    transformers.BertForSequenceClassification(config).save_pretrained(folder)
    for name in ("tokenizer.json", "tokenizer_config.json", "vocab.txt", "special_tokens_map.json"):
        if (tokenizer / name).exists():
            shutil.copy(tokenizer / name, folder)
    return import_module("sentence_transformers").CrossEncoder(str(folder), device="cpu")


def plain_encode(encoder: Encoder) -> Callable[[Sequence[str]], Floats]:
    """`SentenceTransformer.encode` in float32 with the weights that our encoder has."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    torch = import_module("torch")
    model = import_module("sentence_transformers").SentenceTransformer(str(encoder.folder), device="cpu")
    if encoder.adapter is not None:
        weights = adapted_weights(encoder.folder, encoder.adapter)
        inner = model[0].get_submodule("model")
        inner.load_state_dict({name: torch.from_numpy(each) for name, each in weights.items()}, strict=False)
    return lambda texts: np.asarray(
        model.encode(list(texts), normalize_embeddings=True, show_progress_bar=False), np.float32
    )
