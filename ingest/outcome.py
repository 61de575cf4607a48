"""What an ingest did, for the summary line, the JSON and the exit code."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from core.errors import PrepError
from core.manifest import Manifest


@dataclass(frozen=True, slots=True)
class Problem:
    """A source that was not read, and why."""

    source: str
    message: str
    advice: str

    @classmethod
    def of(cls, source: str, error: PrepError) -> "Problem":
        return cls(source, error.message, error.advice)


@dataclass(frozen=True, slots=True)
class SourceReport:
    """What one file that was read gave."""

    source: str
    documents: int
    questions: int
    chunks: int


@dataclass(slots=True)
class IngestReport:
    """Counts of files by what became of them; `documents`, `questions` and `chunks` are those of the whole index."""

    read: int = 0
    unchanged: int = 0
    removed: int = 0
    encoded: int = 0
    documents: int = 0
    questions: int = 0
    chunks: int = 0
    seconds: float = 0.0
    sources: list[SourceReport] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def close(self, manifest: Manifest, read: Iterable[str], seconds: float) -> None:
        """Fill in what the index holds now and what each file that was read gave to it."""
        documents = manifest.documents
        self.documents = len(documents)
        self.questions = sum(record.questions for record in documents.values())
        self.chunks = sum(record.chunks for record in documents.values())
        self.seconds = round(seconds, 3)
        for file in (manifest.files[path] for path in read if path in manifest.files):
            held = [documents[id_] for id_ in file.documents]
            questions, chunks = sum(record.questions for record in held), sum(record.chunks for record in held)
            self.sources.append(SourceReport(file.name, len(held), questions, chunks))

    def summary(self) -> str:
        """One line for a person."""
        counts = [f"{self.read} files read", f"{self.unchanged} unchanged", f"{self.removed} removed"]
        if self.problems:
            counts.append(f"{len(self.problems)} not read")
        return (
            f"{', '.join(counts)}; {self.encoded} chunks encoded; the index holds {self.documents} documents, "
            f"{self.questions} questions, {self.chunks} chunks ({self.seconds:.1f} s)"
        )
