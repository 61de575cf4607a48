"""Documents that arrive over HTTP: seen at once, bounded, and kept inside their folder."""

import json
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Event

import httpx
import pytest
from fakes import HashEncoder, problem_of, settings_at
from fastapi import FastAPI

import ingest.uploads
from core.encoder import Encoder
from core.errors import IndexBusy, UnreadableSource
from core.generations import Generations
from core.index import Index
from core.types import Document
from ingest.uploads import Uploads
from service.app import create_app
from service.bootstrap import build_pipeline

UPLOAD = "# Notes\n\n## Question 1: What is a quokka metric?\n\nA quokka metric counts the smiles of a marsupial.\n"


@pytest.fixture(scope="module")
def bounded(
    tmp_path_factory: pytest.TempPathFactory, encoder: Encoder, serving: Callable[[FastAPI], httpx.Client]
) -> httpx.Client:
    """A service that takes documents, with a small body limit; each test uses names of its own."""
    settings = settings_at(tmp_path_factory.mktemp("writable") / "index", service={"max_body_kb": 64})
    return serving(create_app(build_pipeline(settings, encoder), Uploads(settings, encoder)))


def put(client: httpx.Client, name: str, text: str | bytes) -> httpx.Response:
    return client.put("/v1/documents", files={"file": (name, text)})


def test_an_upload_is_seen_by_the_next_question_replaced_and_removed(bounded: httpx.Client) -> None:
    first = put(bounded, "quokka.md", UPLOAD)
    assert first.status_code == 201, first.text
    assert first.json()["encoded"] >= 1
    assert "marsupial" in bounded.post("/v1/ask", json={"question": "What is a quokka metric?"}).json()["text"]
    assert put(bounded, "quokka.md", UPLOAD).json()["encoded"] == 0

    again = put(bounded, "quokka.md", UPLOAD.replace("marsupial", "kangaroo")).json()["documents"]
    answer = bounded.post("/v1/ask", json={"question": "What is a quokka metric?"}).json()
    assert "kangaroo" in answer["text"]
    assert "marsupial" not in answer["text"]
    problem_of(bounded.get(f"/v1/documents/{first.json()['documents'][0]['id']}"), 404)

    assert bounded.delete(f"/v1/documents/{again[0]['id']}").status_code == 204
    problem_of(bounded.delete(f"/v1/documents/{again[0]['id']}"), 404)
    assert bounded.post("/v1/ask", json={"question": "What is a quokka metric?"}).json()["refused"]


def test_a_removed_document_comes_back_when_it_is_uploaded_again(bounded: httpx.Client) -> None:
    text = "# Returning\n\nA text that is uploaded, removed and uploaded again.\n"
    document = put(bounded, "returning.md", text).json()["documents"][0]["id"]
    bounded.delete(f"/v1/documents/{document}")

    assert put(bounded, "returning.md", text).status_code == 201
    assert bounded.get(f"/v1/documents/{document}").status_code == 200


def test_a_file_leaves_with_the_last_of_its_documents(tmp_path: Path, fake_encoder: HashEncoder) -> None:
    settings = settings_at(tmp_path / "index")
    uploads = Uploads(settings, fake_encoder)
    long = "A long answer. " * 500
    rows = [{"question": f"What is number {n}?", "answer": f"{n}: {long}"} for n in (1, 2)]
    (first, second), _ = uploads.put("two.json", json.dumps(rows).encode())
    uploads.put("other.md", UPLOAD.encode())

    uploads.remove(first)
    assert (settings.index.uploads / "two.json").exists()
    uploads.remove(second)

    assert [path.name for path in settings.index.uploads.glob("*.*") if path.is_file()] == ["other.md"]
    with closing(Index.open(settings.index)) as index:
        assert [record.name for record in index.manifest.files.values()] == ["other.md"]


def test_an_upload_does_not_wait_long_for_another(
    tmp_path: Path, fake_encoder: HashEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ingest.uploads, "_PATIENCE", 0.05)
    first_is_read, go_on = Event(), Event()

    def slow(*_: object) -> list[Document]:
        first_is_read.set()
        go_on.wait(20)
        raise UnreadableSource("slow", "wait")

    monkeypatch.setattr(ingest.uploads, "load", slow)
    uploads = Uploads(settings_at(tmp_path / "index"), fake_encoder)
    with ThreadPoolExecutor(1) as threads:
        first = threads.submit(uploads.put, "a.md", b"a")
        assert first_is_read.wait(20)
        with pytest.raises(IndexBusy, match="try again"):
            uploads.put("b.md", b"b")
        with pytest.raises(IndexBusy, match="try again"):
            uploads.remove("x")
        go_on.set()
        assert isinstance(first.exception(20), UnreadableSource)


@pytest.mark.parametrize(
    ("name", "stored"),
    [
        pytest.param("../../escaped.md", "escaped.md", id="parent folders"),
        pytest.param("/tmp/absolute.md", "absolute.md", id="absolute"),
        pytest.param("C:\\docs\\windows.md", "windows.md", id="backslashes"),
        pytest.param("..hidden.md", "hidden.md", id="leading dots"),
        pytest.param("naïve notes (1).md", "naïve notes (1).md", id="accents, spaces, brackets"),
        pytest.param("模" * 200 + ".md", "模" * 40 + ".md", id="long name of three-byte letters"),
    ],
)
def test_no_name_of_an_upload_leaves_its_folder(name: str, stored: str, bounded: httpx.Client) -> None:
    uploaded = put(bounded, name, f"# About {name[-20:]}\n\nSome words.\n")

    assert uploaded.status_code == 201, uploaded.text
    assert uploaded.json()["documents"][0]["source"] == stored


@pytest.mark.parametrize(
    ("name", "data", "status"),
    [
        pytest.param("a.exe", b"MZ", 422, id="unknown format"),
        pytest.param("md", b"words", 422, id="no suffix"),
        pytest.param("empty.md", b"", 422, id="empty"),
        pytest.param("broken.pdf", b"%PDF-1.7 not really", 422, id="broken PDF"),
        pytest.param("large.md", b"x" * 70_000, 413, id="beyond the body limit"),
    ],
)
def test_an_upload_that_cannot_be_read_is_a_problem_with_advice(
    name: str, data: bytes, status: int, bounded: httpx.Client
) -> None:
    problem_of(put(bounded, name, data), status)


def test_an_upload_without_a_file_is_a_problem(bounded: httpx.Client) -> None:
    problem_of(bounded.put("/v1/documents"), 422)
    problem_of(bounded.put("/v1/documents", files={"other": ("a.md", b"x")}), 422)


@pytest.mark.parametrize("chunked", [pytest.param(False, id="declared"), pytest.param(True, id="chunked")])
def test_a_body_beyond_the_limit_is_refused_while_it_arrives(chunked: bool, bounded: httpx.Client) -> None:
    head = "Transfer-Encoding: chunked" if chunked else "Content-Length: 70000"
    with socket.create_connection((bounded.base_url.host, bounded.base_url.port), 20) as connection:
        connection.sendall(
            f"POST /v1/ask HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n{head}\r\n\r\n".encode()
        )
        if chunked:
            connection.sendall(b"11170\r\n" + b" " * 0x11170 + b"\r\n")
        reply = connection.recv(65_536)

    assert reply.startswith(b"HTTP/1.1 413")
    assert b"application/problem+json" in reply
    assert bounded.get("/healthz").status_code == 200


def test_uploads_and_questions_go_side_by_side(bounded: httpx.Client) -> None:
    put(bounded, "side.md", "# Side\n\n## Question 1: What is a sidecar?\n\nA sidecar runs beside a service.\n")

    def call(n: int) -> int:
        if n % 4:
            return bounded.post("/v1/ask", json={"question": "What is a sidecar?"}).status_code
        return put(bounded, f"side{n}.md", f"# Side {n}\n\nNumber {n} of the texts.\n").status_code

    with ThreadPoolExecutor(6) as threads:
        assert set(threads.map(call, range(16))) == {200, 201}


def test_an_upload_during_an_ingest_may_be_tried_again(
    tmp_path: Path, serving: Callable[[FastAPI], httpx.Client]
) -> None:
    settings = settings_at(tmp_path / "index")
    client = serving(create_app(build_pipeline(settings, HashEncoder()), Uploads(settings, HashEncoder())))

    with Generations(settings.index.directory).writing():
        busy = put(client, "a.md", UPLOAD)

    assert problem_of(busy, 409)["retryable"] is True
    assert busy.headers["retry-after"]
    assert put(client, "a.md", UPLOAD).status_code == 201
