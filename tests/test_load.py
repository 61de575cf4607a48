"""Every format gives Markdown; whatever is wrong with a file is one clear line."""

import io
import json
import random
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import docx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pypdf import PdfReader, PdfWriter

from core.errors import PrepError, SourceTooLarge, UnreadableSource
from core.settings import IngestSettings
from core.types import Document
from ingest.load import FORMATS, load
from ingest.raw import identity

LIMITS = IngestSettings()
Loader = Callable[[str, bytes | str], list[Document]]


@pytest.fixture
def loaded(tmp_path: Path) -> Loader:
    def read(name: str, content: bytes | str) -> list[Document]:
        path = tmp_path / Path(name).name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return load(path, name, LIMITS)

    return read


def pdf(*pages: str, title: str = "") -> bytes:
    """A PDF with one line of text a page."""
    kids = " ".join(f"{4 + 2 * n} 0 R" for n in range(len(pages)))
    objects = ["<< /Type /Catalog /Pages 2 0 R >>", f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>"]
    objects.append("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>")
    for n, text in enumerate(pages):
        lines = " T* ".join(f"({line}) Tj" for line in text.split("\n"))
        stream = f"BT /F1 12 Tf 14 TL 72 720 Td {lines} ET" if text else ""
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents {5 + 2 * n} 0 R"
            " /Resources << /Font << /F1 3 0 R >> >> >>"
        )
        objects.append(f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream")
    body, offsets = "%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        offsets.append(len(body))
        body += f"{number} 0 obj\n{content}\nendobj\n"
    table = "".join(f"{offset:010} 00000 n \n" for offset in offsets)
    start = len(body)
    body += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}"
    body += f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n"
    return _titled(body.encode("latin-1"), title) if title else body.encode("latin-1")


def _titled(data: bytes, title: str, password: str = "") -> bytes:
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(data)))
    if title:
        writer.add_metadata({"/Title": title})
    if password:
        writer.encrypt(password, algorithm="RC4-128")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def word() -> bytes:
    document = docx.Document()
    document.add_heading("Notes on caching", 1)
    document.add_heading("What is a cache stampede?", 2)
    document.add_paragraph("Many clients miss at once & recompute.")
    document.add_paragraph("Lock the key", style="List Bullet")
    document.add_paragraph("Serve stale", style="List Bullet")
    table = document.add_table(rows=2, cols=2)
    for cell, text in zip(
        (c for row in table.rows for c in row.cells), ("term", "meaning", "TTL", "time to live"), strict=True
    ):
        cell.text = text
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def test_a_bank_card(loaded: Loader) -> None:
    head = "question: Why shuffle?\nroles: [ml-engineer]\ntopic: training\ntests: x"
    card = f"---\n{head}\n---\nTo break order.\n\n## Why\n\nx  \n"
    (document,) = loaded("bank/card.md", card)
    assert (document.question, document.title) == ("Why shuffle?", "Why shuffle?")
    assert document.tags == {"role": ("ml-engineer",), "topic": ("training",)}
    assert document.text == "To break order.\n\n## Why\n\nx"
    assert document.sources == ("bank/card.md",)
    assert document.id == identity(document.title, document.question, document.text)


def test_front_matter_that_is_not_yaml_names_the_line(loaded: Loader) -> None:
    with pytest.raises(UnreadableSource, match="line 3"):
        loaded("a.md", "---\ntitle: fine\nlevel: a: b\n---\ntext")


def test_rules_around_prose_are_no_front_matter(loaded: Loader) -> None:
    (document,) = loaded("a.md", "---\n\nJust a paragraph.\n\n---\n\nAnother.")
    assert "Just a paragraph." in document.text


@pytest.mark.parametrize(
    ("name", "title"),
    [("01_deep-learning notes.txt", "Deep learning notes"), ("x/2024.txt", "2024"), ("Q&A.md", "Q&A")],
)
def test_a_file_name_becomes_a_title(loaded: Loader, name: str, title: str) -> None:
    assert loaded(name, "words without a heading")[0].title == title


ENCODED = "# Café\n\nΣ — “x” β₁\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_encodings(loaded: Loader, encoding: str) -> None:
    mark = {"utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff"}.get(encoding, b"")
    (document,) = loaded("a.md", mark + ENCODED.replace("\n", "\r\n").encode(encoding))
    assert document.text == ENCODED.strip()


def test_windows_1252(loaded: Loader) -> None:
    (document,) = loaded(
        "a.txt", "Le modèle a été entraîné très tôt à l’école, où ça coûte cher.\n".encode("cp1252") * 5
    )
    assert "Le modèle a été entraîné" in document.text


def test_html_without_what_runs(loaded: Loader) -> None:
    page = """<html><head><title>On  queues</title><script>steal()</script><style>p{}</style></head><body>
    <nav>Home</nav>
    <h1>Queues</h1><p onclick="steal()">FIFO for <b>work</b>, a_i * b_i. <a href="javascript:steal()">Read on</a></p>
    <pre><code class="language-python">def f():\n    return 1</code></pre></body></html>"""
    (document,) = loaded("a.html", page)
    assert document.title == "On queues"
    assert "steal" not in document.text
    assert "Home" not in document.text
    assert "javascript" not in document.text
    assert "FIFO for **work**, a_i * b_i. Read on" in document.text
    assert "```python\ndef f():\n    return 1\n```" in document.text


@pytest.mark.parametrize(
    ("opened", "closed"),
    [
        pytest.param("```py\n```js\n```", "", id="a closing fence has no language"),
        pytest.param("````\n```\n````", "", id="a closing fence is as long"),
        pytest.param("```\n~~~\n```", "", id="a closing fence has the same sign"),
        pytest.param("```code``` in a line", "", id="code in a line is no fence"),
        pytest.param("<script>\n```\n</script>", "", id="a fence in a script is none"),
        pytest.param("```\ncode", "\n```", id="within a fence"),
    ],
)
def test_a_script_stays_in_fenced_code_alone(opened: str, closed: str, loaded: Loader) -> None:
    [document] = loaded("a.md", f"# Fences\n\n{opened}\n<script>steal()</script>{closed}\n\nEnd")

    assert ("steal" in document.text) is bool(closed)
    assert document.text.endswith("End")


def test_markdown_without_links_that_run(loaded: Loader) -> None:
    (document,) = loaded(
        "a.md", "See [this](javascript:alert(1)) and [that](https://x.org).\n\n<script>\nalert(1)\n</script>\n\nEnd"
    )
    assert document.text == "See this and [that](https://x.org).\n\n\nEnd"


def test_pdf(loaded: Loader) -> None:
    (document,) = loaded("a.pdf", pdf("What is a quorum?\nA majority of nodes.", "Second page", title="On quorums"))
    assert document.title == "On quorums"
    assert "A majority of nodes." in document.text
    assert "Second page" in document.text


def test_docx(loaded: Loader) -> None:
    (document,) = loaded("a.docx", word())
    assert document.title == "Notes on caching"
    assert "## What is a cache stampede?\n\nMany clients miss at once & recompute." in document.text
    assert "- Lock the key\n- Serve stale" in document.text
    assert "| TTL | time to live |" in document.text


def test_notebook(loaded: Loader) -> None:
    cells = [
        {"cell_type": "markdown", "metadata": {}, "source": ["# Sorting\n", "Stable or not."]},
        {"cell_type": "code", "metadata": {}, "execution_count": 1, "source": "print(1)",
         "outputs": [{"output_type": "stream", "name": "stdout", "text": ["1\n"]}]},
    ]  # fmt: skip
    (document,) = loaded("a.ipynb", json.dumps({"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": cells}))
    assert document.title == "Sorting"
    assert document.text == "# Sorting\nStable or not.\n\n```python\nprint(1)\n```\n\n```text\n1\n```"


RECORDS = [
    {"id": 1, "Question": "What is ACID?", "Answer": "# Four\n\nAtomicity and so on.", "topic": "databases"},
    {"id": 2, "Question": "Explain sharding", "Answer": "Split by key.", "source": "notes"},
]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.json", json.dumps(RECORDS)),
        ("a.json", json.dumps({"title": "Mine", "items": RECORDS})),
        ("a.jsonl", "\n".join(map(json.dumps, RECORDS)) + "\n\n"),
        (
            "a.csv",
            'Question;Answer;source\nWhat is ACID?;"### Four\n\nBe; or not.";\nExplain sharding;Split by key.;notes',
        ),
        ("a.tsv", "Question\tAnswer\tsource\nWhat is ACID?\tAtomicity\t\nExplain sharding\tSplit by key.\tnotes"),
    ],
)
def test_records_are_sections(loaded: Loader, name: str, content: str) -> None:
    (document,) = loaded(name, content)
    assert document.text.startswith("## What is ACID?\n\n")
    assert "\n\n## Question 2: Explain sharding\n\nSplit by key.\n\n- **source:** notes" in document.text
    assert "\n# Four" not in document.text


def test_a_long_record_is_a_document(loaded: Loader) -> None:
    short, long = loaded("a.json", json.dumps([RECORDS[1], {"q": "Why?", "a": "word " * 3000, "level": "mid"}]))[::-1]
    assert long.question is None or short.question is None
    assert {document.sources[0] for document in (short, long)} == {"a.json", "a.json#record-2"}


def test_other_json_is_readable(loaded: Loader) -> None:
    (document,) = loaded(
        "a.json", json.dumps({"name": "x", "steps": ["a", "b"], "grid": [{"k": 1, "v": "p|q"}, {"k": 2, "v": None}]})
    )
    assert (
        document.text
        == "**name:** x\n\n## steps\n\n- a\n- b\n\n## grid\n\n| k | v |\n| --- | --- |\n| 1 | p\\|q |\n| 2 |  |"
    )


BILLION_LAUGHS = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><x>&b;</x>'


def archive(**parts: bytes | str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in parts.items():
            packed.writestr(name.replace("__", "/") + ".xml", content)
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        pytest.param("a.md", b"", "empty", id="empty"),
        pytest.param("a.md", b" \n\n", "empty", id="blank"),
        pytest.param("a.md", b"---\ntitle: x\n---\n", "no text", id="front matter only"),
        pytest.param("a.md", random.Random(1).randbytes(5_000), "not text", id="noise"),
        pytest.param("a.exe", b"MZ", "format", id="unknown format"),
        pytest.param("a.pdf", b"%PDF-1.4 and then nothing", "damaged PDF", id="broken pdf"),
        pytest.param("a.pdf", pdf(""), "OCR", id="scanned pdf"),
        pytest.param("a.pdf", _titled(pdf("secret"), "", "hunter2"), "password", id="encrypted pdf"),
        pytest.param("a.docx", b"PK\x03\x04 no archive", "damaged DOCX", id="broken docx"),
        pytest.param("a.docx", archive(word__document="<a>"), "damaged DOCX", id="docx without parts"),
        pytest.param("a.docx", archive(word__document=b" " * 20_000_000), "packed", id="zip bomb"),
        pytest.param("a.docx", archive(word__document=BILLION_LAUGHS), "entities", id="billion laughs"),
        pytest.param("a.ipynb", "{}", "notebook", id="no notebook"),
        pytest.param("a.json", '{"a": [1, 2}', "line 1", id="broken json"),
        pytest.param("a.json", "[" * 100_000, "deep", id="deep json"),
        pytest.param("a.jsonl", '{"q": 1}\n{"q"', "line 2", id="broken json lines"),
        pytest.param("a.json", "[]", "no text", id="json of nothing"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(loaded: Loader, name: str, content: bytes | str, says: str) -> None:
    with pytest.raises(UnreadableSource, match=says) as caught:
        loaded(name, content)
    assert "\n" not in str(caught.value)
    assert name in caught.value.message
    assert caught.value.advice


def test_a_file_over_the_limit_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "big.md"
    with path.open("wb") as file:
        file.truncate(2 * 1024 * 1024)
    monkeypatch.setattr(Path, "read_bytes", lambda self: pytest.fail("it was read"))
    with pytest.raises(SourceTooLarge, match="limit is 1"):
        load(path, "big.md", IngestSettings(max_file_mb=1))


def test_too_many_pages(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(pdf("one", "two"))
    with pytest.raises(SourceTooLarge, match="2 pages"):
        load(tmp_path / "a.pdf", "a.pdf", IngestSettings(max_pages=1))


def test_a_file_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.md").write_text("x")

    def denied(self: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", denied)
    with pytest.raises(UnreadableSource, match="Permission denied"):
        load(tmp_path / "a.md", "a.md", LIMITS)
    with pytest.raises(UnreadableSource, match="cannot be opened"):
        load(tmp_path / "gone.md", "gone.md", LIMITS)
    with pytest.raises(UnreadableSource):
        load(tmp_path, "folder.md", LIMITS)


def test_nulls_and_lone_surrogates_go(loaded: Loader) -> None:
    assert loaded("a.txt", b"fine\0 text, long enough to be text")[0].text == "fine text, long enough to be text"
    (document,) = loaded("a.json", '[{"q": "Why \\ud800?", "a": "b\\u0000\\udfff"}]')
    assert document.text == "## Why ?\n\nb"


@settings(deadline=None, max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(FORMATS),
    st.one_of(st.binary(max_size=300), st.text(max_size=300).map(lambda text: text.encode("utf-8"))),
)
def test_nothing_but_a_prep_error_escapes(tmp_path: Path, extension: str, data: bytes) -> None:
    check(tmp_path, extension, data)


@pytest.mark.parametrize("extension", [".pdf", ".docx"])
def test_damaged_files_do_not_escape(tmp_path: Path, extension: str) -> None:
    whole = pdf("A page of text", "another", title="T") if extension == ".pdf" else word()
    chance = random.Random(7)
    for _ in range(60):
        data = bytearray(whole[: chance.randrange(1, len(whole))] if chance.random() < 0.4 else whole)
        for _ in range(chance.randrange(1, 20)):
            data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        check(tmp_path, extension, bytes(data))


def check(folder: Path, extension: str, data: bytes) -> None:
    path = folder / f"x{extension}"
    path.write_bytes(data)
    try:
        documents = load(path, path.name, LIMITS)
    except PrepError:
        return
    for document in documents:
        assert document.text
        assert document.title
        assert "\0" not in document.text
        (document.text + document.title + (document.question or "")).encode("utf-8")


@pytest.mark.parametrize("extension", [".md", ".html", ".csv", ".json"])
@pytest.mark.parametrize("char", [*list('(*>[`_#|<"= β\n'), "<!--", "Q: a? ", "- a\n", "<b ", "](javascript:"])
def test_time_is_bounded(tmp_path: Path, extension: str, char: str) -> None:
    start = time.monotonic()
    check(tmp_path, extension, b"word " + char.encode() * (300_000 // len(char)))
    assert time.monotonic() - start < 20


def test_five_megabytes_on_one_line(tmp_path: Path) -> None:
    start = time.monotonic()
    check(tmp_path, ".txt", b"some words and more, " * 250_000)
    assert time.monotonic() - start < 20
