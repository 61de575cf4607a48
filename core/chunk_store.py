"""Chunks and their vectors in Chroma, the store of truth: embedded in a folder, or on a Chroma server.

Chroma's distances become similarities here and its errors become `IndexUnavailable`; nothing else imports chromadb.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any
from urllib.parse import urlsplit

import chromadb
import httpx
import numpy as np
from chromadb.api.client import Client
from chromadb.api.collection_configuration import CreateCollectionConfiguration
from chromadb.auth import UserIdentity
from chromadb.config import Settings as ChromaSettings
from chromadb.errors import ChromaError, NotFoundError

from core.encoder import Floats
from core.errors import IndexUnavailable
from core.types import Chunk

_SPACE = CreateCollectionConfiguration(hnsw={"space": "cosine", "ef_construction": 200, "ef_search": 200})
_BATCH = 1_000
# Clients of one folder share a database in this process, and chromadb does not lock their opening against closing.
_CLIENTS = Lock()
# chromadb itself would wait for a server for ever.
_PATIENCE = httpx.Timeout(30, connect=5)


def _settings() -> ChromaSettings:
    """Made anew for each client, since chromadb writes the client's address into them."""
    return ChromaSettings(anonymized_telemetry=False)


@contextmanager
def _translated(place: str) -> Iterator[None]:
    try:
        yield
    except (ChromaError, httpx.HTTPError, ValueError, OSError) as error:
        advice = "start it, or check PREP_INDEX__CHROMA_URL" if "://" in place else "run `prep status`"
        raise IndexUnavailable(f"the vector store at {place} failed ({error})", advice) from error


class ChunkStore:
    """One collection: the chunks of one generation of the index."""

    def __init__(self, client: Client, name: str, place: str, *, create: bool = False) -> None:
        self._client = client
        self._place = place
        with _translated(place):
            if create:
                self._collection = client.create_collection(name, configuration=_SPACE, embedding_function=None)
            else:
                self._collection = client.get_collection(name, embedding_function=None)

    @classmethod
    def open(cls, folder: Path, url: str | None, name: str, *, create: bool = False) -> "ChunkStore":
        """Collection `name` in the embedded Chroma of `folder`, or on the server at `url`."""
        place = url or str(folder)
        with _translated(place):
            client = server_client(url) if url else _embedded_client(folder)
        try:
            return cls(client, name, place, create=create)
        except BaseException:
            _close(client)
            raise

    def add(self, chunks: Sequence[Chunk], vectors: Floats) -> None:
        """Store chunks with their vectors `(len(chunks), dim)`."""
        with _translated(self._place):
            for first in range(0, len(chunks), _BATCH):
                batch = chunks[first : first + _BATCH]
                self._collection.add(
                    ids=[chunk.id for chunk in batch],
                    documents=[chunk.text for chunk in batch],
                    embeddings=vectors[first : first + _BATCH],
                    metadatas=[_metadata(chunk) for chunk in batch],
                )

    def remove(self, ids: Sequence[str]) -> None:
        """Drop chunks by id."""
        with _translated(self._place):
            for first in range(0, len(ids), _BATCH):
                self._collection.delete(ids=list(ids[first : first + _BATCH]))

    def nearest(self, vector: Floats, k: int) -> list[tuple[str, float]]:
        """The `k` chunks of highest cosine similarity, best first."""
        with _translated(self._place):
            found = self._collection.query(query_embeddings=vector[np.newaxis], n_results=k, include=["distances"])
        distances = (found["distances"] or [[]])[0]
        return [(id_, 1.0 - distance) for id_, distance in zip(found["ids"][0], distances, strict=True)]

    def get(self, ids: Sequence[str]) -> list[Chunk]:
        """Chunks by id, in the order asked."""
        chunks: dict[str, Chunk] = {}
        with _translated(self._place):
            for first in range(0, len(ids), _BATCH):
                found = self._collection.get(ids=list(ids[first : first + _BATCH]), include=["documents", "metadatas"])
                rows = zip(found["documents"] or [], found["metadatas"] or [], strict=True)
                chunks |= {chunk.id: chunk for chunk in (_chunk(text, metadata) for text, metadata in rows)}
        if missing := [id_ for id_ in ids if id_ not in chunks]:
            raise IndexUnavailable(
                f"the vector store at {self._place} lacks {len(missing)} chunks, {missing[0]} first",
                "remove the index folder and ingest again",
            )
        return [chunks[id_] for id_ in ids]

    def copy_to(self, target: "ChunkStore", ids: Sequence[str]) -> None:
        """Add the chunks `ids` with their vectors to another collection."""
        with _translated(self._place):
            for first in range(0, len(ids), _BATCH):
                found = self._collection.get(
                    ids=list(ids[first : first + _BATCH]), include=["documents", "metadatas", "embeddings"]
                )
                target._collection.add(
                    ids=found["ids"],
                    documents=found["documents"],
                    embeddings=found["embeddings"],
                    metadatas=found["metadatas"],
                )

    def count(self) -> int:
        with _translated(self._place):
            return self._collection.count()

    @staticmethod
    def drop(url: str, name: str) -> None:
        """Delete a collection from the server at `url`, if it is there."""
        with _translated(url):
            client = server_client(url)
            try:
                client.delete_collection(name)
            except NotFoundError:
                return
            finally:
                _close(client)

    def close(self) -> None:
        """Let go of files and connections."""
        _close(self._client)


def server_client(url: str) -> Client:
    """A client of the Chroma server at `url`."""
    parts = urlsplit(url)
    settings = _settings()
    settings.chroma_api_impl = "chromadb.api.fastapi.FastAPI"
    settings.chroma_server_host = parts.hostname or "localhost"
    settings.chroma_server_ssl_enabled = parts.scheme == "https"
    settings.chroma_server_http_port = parts.port or (443 if settings.chroma_server_ssl_enabled else 80)
    return _ServerClient(settings=settings)


class _ServerClient(Client):
    """Loses patience with a silent server: limits the two sessions, each before its first request."""

    def get_user_identity(self) -> UserIdentity:
        _session(self).timeout = _PATIENCE
        return super().get_user_identity()

    def _validate_tenant_database(self, tenant: str, database: str) -> None:
        _session(self._admin_client).timeout = _PATIENCE
        super()._validate_tenant_database(tenant, database)


def _embedded_client(folder: Path) -> Client:
    with _CLIENTS:
        client = chromadb.PersistentClient(str(folder), _settings())
    assert isinstance(client, Client)
    return client


def _session(client: Any) -> httpx.Client:
    """The connections to a server, which chromadb does not show."""
    session: httpx.Client = client._server._session
    return session


def _close(client: Client) -> None:
    with _CLIENTS:
        client.close()
    if isinstance(client, _ServerClient):  # chromadb leaves its connections to a server open
        _session(client).close()
        _session(client._admin_client).close()


def _metadata(chunk: Chunk) -> dict[str, Any]:
    return {
        "document_id": chunk.document_id,
        "ordinal": chunk.ordinal,
        "start": chunk.start,
        "end": chunk.end,
        "context": chunk.context,
        "question": chunk.question or "",
        "heading_path": json.dumps(chunk.heading_path, ensure_ascii=False),
        "aliases": json.dumps(chunk.aliases, ensure_ascii=False),
    }


def _chunk(text: str, metadata: Any) -> Chunk:
    return Chunk(
        document_id=metadata["document_id"],
        ordinal=metadata["ordinal"],
        start=metadata["start"],
        end=metadata["end"],
        text=text,
        context=metadata["context"],
        heading_path=tuple(json.loads(metadata["heading_path"])),
        question=metadata["question"] or None,
        aliases=tuple(json.loads(metadata["aliases"])),
    )
