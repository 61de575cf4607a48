"""The catalogue of one generation: the files read, the documents they gave, the settings that made the vectors."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

FILE_NAME = "manifest.json"


class FileRecord(BaseModel):
    """One file as it was read; `name` is how citations call it, `documents` maps ids to sources inside it.

    `removed` are ids of documents in it that were taken out by hand.
    """

    name: str
    sha256: str
    documents: dict[str, str]
    removed: list[str] = Field(default_factory=list)


class DocumentRecord(BaseModel):
    """One document; its text lies in its chunks."""

    title: str
    sources: list[str]
    question: str | None = None
    tags: dict[str, list[str]] = Field(default_factory=dict)
    chunks: int
    questions: int


class Manifest(BaseModel):
    """Files by absolute path, documents by id.

    `fingerprint` names encoder, splitter and layout; `collection` the chunks; `layout` which files lie beside this one.
    """

    model_config = ConfigDict(extra="forbid")

    generation: int
    collection: str
    chroma_url: str | None
    fingerprint: str
    layout: int = 1
    files: dict[str, FileRecord] = Field(default_factory=dict)
    documents: dict[str, DocumentRecord] = Field(default_factory=dict)

    def save(self, folder: Path) -> None:
        (folder / FILE_NAME).write_text(self.model_dump_json(indent=1), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> "Manifest":
        return cls.model_validate_json((folder / FILE_NAME).read_text(encoding="utf-8"))
