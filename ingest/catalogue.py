"""The files and documents of a generation in the making."""

from collections.abc import Collection, Mapping
from pathlib import Path

from core.fingerprint import LAYOUT_VERSION
from core.manifest import DocumentRecord, FileRecord, Manifest
from core.types import Document


class Catalogue:
    """Starts with the file records that stay and the documents whose chunks are there already."""

    def __init__(self, files: Mapping[str, FileRecord], documents: Mapping[str, DocumentRecord]) -> None:
        self.files = dict(files)
        self._documents = dict(documents)

    def __contains__(self, document_id: str) -> bool:
        return document_id in self._documents

    def add(self, document: Document, *, chunks: int, questions: int) -> None:
        """Enter a document whose chunks are being written."""
        self._documents[document.id] = DocumentRecord(
            title=document.title,
            sources=[],
            question=document.question,
            tags={key: list(values) for key, values in document.tags.items()},
            chunks=chunks,
            questions=questions,
        )

    def retag(self, document: Document) -> None:
        """Let the tags of a document that is there already follow its file."""
        tags = {key: list(values) for key, values in document.tags.items()}
        self._documents[document.id] = self._documents[document.id].model_copy(update={"tags": tags})

    def forget(self, document_ids: Collection[str]) -> None:
        """Let no file name these documents; the files stay on record, so they are not read again until they change."""
        for path, record in self.files.items():
            kept = {id_: source for id_, source in record.documents.items() if id_ not in document_ids}
            removed = [*record.removed, *(id_ for id_ in record.documents if id_ in document_ids)]
            self.files[path] = record.model_copy(update={"documents": kept, "removed": removed})

    def strike(self, folder: Path) -> list[Path]:
        """Take the files below a folder of which no document remains off the record; their paths."""
        empty = [
            path for path, record in self.files.items() if not record.documents and Path(path).is_relative_to(folder)
        ]
        for path in empty:
            del self.files[path]
        return list(map(Path, empty))

    def removed(self, path: str, sha256: str) -> Collection[str]:
        """Documents that were taken out of a file which has not changed since."""
        record = self.files.get(path)
        return record.removed if record and record.sha256 == sha256 else ()

    def lacking(self) -> list[str]:
        """Documents that a file names and that are not entered."""
        named = dict.fromkeys(id_ for record in self.files.values() for id_ in record.documents)
        return [id_ for id_ in named if id_ not in self]

    def documents(self) -> dict[str, DocumentRecord]:
        """The documents which some file names, each with all its sources."""
        sources: dict[str, list[str]] = {}
        for record in self.files.values():
            for id_, source in record.documents.items():
                sources.setdefault(id_, []).append(source)
        return {id_: self._documents[id_].model_copy(update={"sources": named}) for id_, named in sources.items()}

    def manifest(self, generation: int, collection: str, chroma_url: str | None, fingerprint: str) -> Manifest:
        """What a generation will say of itself."""
        return Manifest(
            generation=generation,
            collection=collection,
            chroma_url=chroma_url,
            fingerprint=fingerprint,
            layout=LAYOUT_VERSION,
            files=self.files,
            documents=self.documents(),
        )
