"""From the paths a user names to the files to read, without leaving the folders named."""

import hashlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from core.errors import PrepError, UnreadableSource
from core.generations import is_index
from ingest.load import FORMATS


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file to read; `name` is how citations call it, `problem` why it cannot be read at all."""

    path: Path
    name: str
    problem: PrepError | None = None


def discover(paths: Iterable[Path]) -> list[SourceFile]:
    """Files below the paths, each once; inside folders hidden ones, indexes and unknown formats are left out."""
    found: dict[Path, SourceFile] = {}
    for path in paths:
        for source in _below(path):
            found.setdefault(source.path, source)
    return list(found.values())


def sha256(path: Path) -> str:
    """Content hash of a file; raises `UnreadableSource`."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise UnreadableSource(f"{path}: {error.strerror}", "check the permissions of the file") from error


def _below(path: Path) -> Iterator[SourceFile]:
    absolute = Path(os.path.abspath(path))
    if absolute.is_dir():
        yield from _in_folder(absolute)
    elif not absolute.exists():
        yield _refused(absolute, absolute.name, "no such file or folder", "check the path")
    elif absolute.suffix.lower() not in FORMATS or not absolute.is_file():
        yield _refused(absolute, absolute.name, "not a format that is read", f"use one of {' '.join(sorted(FORMATS))}")
    else:
        yield SourceFile(absolute.resolve(), absolute.name)


def _in_folder(root: Path) -> Iterator[SourceFile]:
    problems: list[OSError] = []
    for folder, names, files in os.walk(root, onerror=problems.append):
        names[:] = sorted(name for name in names if not name.startswith(".") and not is_index(Path(folder, name)))
        for name in sorted(files):
            path = Path(folder) / name
            if name.startswith(".") or path.suffix.lower() not in FORMATS:
                continue
            shown = path.relative_to(root.parent).as_posix()
            if path.is_symlink() and not path.resolve().is_relative_to(root.resolve()):
                yield _refused(
                    path, shown, "a symbolic link out of the folder", "ingest its target by name if you mean it"
                )
            elif path.is_file():
                yield SourceFile(path.resolve(), shown)
            elif path.is_symlink():
                yield _refused(path, shown, "a symbolic link to nothing", "mend or remove the link")
    for error in problems:
        unlisted = Path(error.filename)
        yield _refused(
            unlisted, unlisted.name, error.strerror or "cannot be listed", "check the permissions of the folder"
        )


def _refused(path: Path, name: str, what: str, advice: str) -> SourceFile:
    return SourceFile(path, name, UnreadableSource(f"{name}: {what}", advice))
