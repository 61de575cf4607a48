"""The health of an index: what it holds, what made it, and whether its parts agree."""

from dataclasses import dataclass, field
from pathlib import Path

from core.encoder import Encoder
from core.errors import PrepError
from core.fingerprint import index_fingerprint
from core.index import Index
from core.settings import Settings


@dataclass(slots=True)
class Health:
    """`problems` holds one line for each fault, with what mends it."""

    index: str
    store: str = ""
    generation: int = 0
    documents: int = 0
    questions: int = 0
    chunks: int = 0
    megabytes: float = 0.0
    fingerprint: str = ""
    problems: list[str] = field(default_factory=list)

    @property
    def healthy(self) -> bool:
        return not self.problems


def health(settings: Settings) -> Health:
    """Look at the index that the settings name; faults are listed, none is raised."""
    found = Health(index=str(settings.index.directory))
    try:
        index = Index.open(settings.index)
    except PrepError as error:
        found.problems.append(str(error))
        return found
    try:
        _describe(found, index)
        index.require(index_fingerprint(Encoder(settings.encoder)))
    except PrepError as error:
        found.problems.append(str(error))
    finally:
        index.close()
    return found


def _describe(found: Health, index: Index) -> None:
    manifest = index.manifest
    found.store = manifest.chroma_url or "embedded Chroma"
    found.generation = manifest.generation
    found.documents = len(manifest.documents)
    found.questions = sum(record.questions for record in manifest.documents.values())
    found.chunks = len(index.chunk_ids)
    found.megabytes = round(_size(index.folder) / 2**20, 1)
    found.fingerprint = manifest.fingerprint
    if (stored := index.store.count()) != found.chunks:
        found.problems.append(
            f"Chroma holds {stored} chunks, the catalogue {found.chunks}: remove the index, ingest again"
        )
    if index.texts is not None and any(
        chunk.id != id_ for chunk, id_ in zip(index.texts, index.chunk_ids, strict=True)
    ):
        found.problems.append("the texts of the chunks are out of order: remove the index, ingest again")


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
