"""Records (JSON, JSON lines, CSV, TSV) as Markdown: a section per question, or whatever else reads well."""

import csv
import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from core.errors import UnreadableSource
from ingest.formats.records import is_record, markdown, sections
from ingest.raw import Raw, tags

_BAD_JSON_ADVICE = "check it with `python -m json.tool`"


def json_to_raw(text: str, name: str) -> Iterator[Raw]:
    """A JSON value: a list of records wherever it lies, or the value written out."""
    yield from _value(_parsed(text, name, ""))


def json_lines_to_raw(text: str, name: str) -> Iterator[Raw]:
    """One JSON value a line."""
    values = [_parsed(line, name, f" in line {at}") for at, line in enumerate(text.split("\n"), 1) if line.strip()]
    yield from _value(values)


def csv_to_raw(text: str, name: str) -> Iterator[Raw]:
    """Rows below a header."""
    csv.field_size_limit(max(len(text), 131_072))
    try:
        rows = [
            row for row in csv.reader(io.StringIO(text, newline=""), _dialect(text, name)) if any(map(str.strip, row))
        ]
    except csv.Error as error:
        raise UnreadableSource(f"{name} is not a table that can be read ({error})", "save it again as CSV") from error
    if not rows:
        return
    header = [cell.strip() or f"column {at}" for at, cell in enumerate(rows[0], 1)]
    records = [dict(zip(header, row, strict=False)) for row in rows[1:]]
    yield from _value(records) if records else iter([Raw(", ".join(header))])


def _dialect(text: str, name: str) -> type[csv.Dialect]:
    class Table(csv.excel):
        delimiter = "\t" if name.lower().endswith(".tsv") else _delimiter(text)

    return Table


def _delimiter(text: str) -> str:
    """The separator that splits the first line most; a comma where nothing does."""
    head = re.sub(r'"[^"]*"', "", text[:10_000].partition("\n")[0])
    return max(",;\t|", key=lambda mark: (head.count(mark), mark == ","))


def _parsed(text: str, name: str, where: str) -> Any:
    try:
        return json.loads(text, strict=False)
    except RecursionError as error:
        raise UnreadableSource(f"{name} nests JSON too deep{where}", "flatten it") from error
    except json.JSONDecodeError as error:
        place = where or f" in line {error.lineno}"
        raise UnreadableSource(f"{name} is not valid JSON{place} ({error.msg})", _BAD_JSON_ADVICE) from error
    except ValueError as error:
        raise UnreadableSource(f"{name} holds JSON that cannot be read{where} ({error})", _BAD_JSON_ADVICE) from error


def _value(value: Any) -> Iterator[Raw]:
    records = _records(value)
    if records is None:
        yield Raw(markdown(value))
        return
    head = {key: item for key, item in value.items() if isinstance(item, str)} if isinstance(value, Mapping) else {}
    yield from sections(records, title=str(head.get("title") or head.get("name") or ""), labels=tags(head))


def _records(value: Any) -> Sequence[Mapping[str, Any]] | None:
    """The records of a value: a list of objects, also as the longest such member of an object; one question alone."""
    if isinstance(value, Mapping):
        if is_record(value):
            return [value]
        lists = [item for item in value.values() if isinstance(item, list) and _records(item)]
        return _records(max(lists, key=len)) if lists else None
    if isinstance(value, list) and value and all(isinstance(item, Mapping) for item in value):
        return value if any(map(is_record, value)) else None
    return None
