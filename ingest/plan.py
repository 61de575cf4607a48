"""What an ingest will do: which files are new or changed, which are as they were, which are gone."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from core.errors import PrepError
from core.manifest import FileRecord
from ingest.outcome import Problem
from ingest.sources import SourceFile, discover, sha256


@dataclass(slots=True)
class Plan:
    """`keep` are records of files that stay as they are, `to_read` files with the hash they have now."""

    to_read: list[tuple[SourceFile, str]] = field(default_factory=list)
    keep: dict[str, FileRecord] = field(default_factory=dict)
    unchanged: int = 0
    removed: int = 0
    problems: list[Problem] = field(default_factory=list)


def make_plan(paths: Sequence[Path], records: Mapping[str, FileRecord], *, read_again: bool) -> Plan:
    """Compare the files at `paths` with those on record; with `read_again`, every file on record is read again too."""
    plan = Plan(keep=dict(records))
    known = {Path(path): record.name for path, record in records.items() if read_again and Path(path).is_file()}
    for source in discover([*paths, *known]):
        if source.problem:
            plan.problems.append(Problem.of(source.name, source.problem))
            continue
        if source.path in known:
            source = SourceFile(source.path, known[source.path])
        _place(plan, source, records.get(str(source.path)), read_again)
    folders = [path.resolve() for path in paths if path.is_dir()]
    for path in records:
        if _vanished(Path(path)) and any(Path(path).is_relative_to(folder) for folder in folders):
            del plan.keep[path]
            plan.removed += 1
    return plan


def _place(plan: Plan, source: SourceFile, record: FileRecord | None, read_again: bool) -> None:
    try:
        digest = sha256(source.path)
    except PrepError as error:
        plan.problems.append(Problem.of(source.name, error))
        return
    if record and not read_again and record.sha256 == digest and record.name == source.name:
        plan.unchanged += 1
    else:
        plan.to_read.append((source, digest))


def _vanished(path: Path) -> bool:
    """Whether a file is surely gone, rather than out of reach for a while."""
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
    return False
