"""The HTTP service on a real port."""

import json
import logging
import multiprocessing
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from fakes import HashEncoder, problem_of, settings_at, write
from fastapi import FastAPI

from core.encoder import Encoder
from core.settings import Settings
from ingest.pipeline import ingest
from ingest.uploads import Uploads
from service.app import create_app
from service.bootstrap import build_pipeline
from service.pipeline import Pipeline

Serving = Callable[[FastAPI], httpx.Client]
L1 = "Why does L1 regularisation give sparse weights?"
UPLOAD = "# Notes\n\n## Question 1: What is a quokka metric?\n\nA quokka metric counts the smiles of a marsupial.\n"


@pytest.fixture(scope="module")
def client(small: Settings, encoder: Encoder, serving: Serving) -> httpx.Client:
    """A read-only service over the small index."""
    return serving(create_app(build_pipeline(small, encoder)))


def test_an_answer_can_be_checked_against_the_documents_it_cites(client: httpx.Client) -> None:
    answer = client.post("/v1/ask", json={"question": L1, "length": "deep"}).raise_for_status().json()

    assert not answer["refused"]
    for citation in answer["citations"]:
        document = client.get(f"/v1/documents/{citation['document_id']}").json()
        assert document["text"][citation["start"] : citation["end"]] == citation["quote"]
        assert set(document) >= {"id", "title", "source", "text", "tags"}
    assert set(answer) >= {
        "question", "text", "refused", "reason", "confidence", "sentences", "removed", "citations", "nearest",
        "generator", "fallback_reason", "timings_ms", "fingerprint",
    }  # fmt: skip


def test_a_search_gives_ranked_passages_with_all_scores(client: httpx.Client) -> None:
    found = client.post("/v1/search", json={"question": L1, "k": 3, "filters": {"level": ["mid"]}}).json()

    assert len(found["passages"]) == 3
    assert found["passages"][0]["source"] == "corpus/l1.md"
    fused = [passage["scores"]["fused"] for passage in found["passages"]]
    assert fused == sorted(fused, reverse=True)
    assert set(found["passages"][0]["scores"]) >= {"bm25", "dense", "late_interaction", "fused"}


def test_the_index_is_listed_and_ready(client: httpx.Client) -> None:
    listed = client.get("/v1/documents").json()["documents"]

    assert len(listed) == client.get("/readyz").json()["documents"] == 10
    assert client.get("/healthz").json() == {"status": "alive"}
    assert client.get("/openapi.json").status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "options", "status"),
    [
        pytest.param("GET", "/v1/nowhere", {}, 404, id="unknown path"),
        pytest.param("GET", "/v1/documents/nobody", {}, 404, id="unknown document"),
        pytest.param("GET", "/v1/documents/..%2F..%2Fetc%2Fpasswd", {}, 404, id="a path for an id"),
        pytest.param("GET", "/v1/ask", {}, 405, id="method"),
        pytest.param("POST", "/v1/ask", {"content": b"{"}, 422, id="broken JSON"),
        pytest.param("POST", "/v1/ask", {"content": b"\xff\xfe"}, 422, id="no UTF-8"),
        pytest.param("POST", "/v1/ask", {"content": b'{"question": "\\ud800 why"}'}, 422, id="half a surrogate"),
        pytest.param("POST", "/v1/ask", {"json": []}, 422, id="no object"),
        pytest.param("POST", "/v1/ask", {"json": {}}, 422, id="no question"),
        pytest.param("POST", "/v1/ask", {"json": {"question": "?"}}, 422, id="no words"),
        pytest.param("POST", "/v1/ask", {"json": {"question": "x" * 4_001}}, 422, id="long question"),
        pytest.param("POST", "/v1/ask", {"json": {"question": "x", "size": 1}}, 422, id="unknown field"),
        pytest.param("POST", "/v1/ask", {"json": {"question": "x", "length": "epic"}}, 422, id="unknown length"),
        pytest.param("POST", "/v1/ask", {"json": {"question": "x", "filters": {"a": ["b"]}}}, 422, id="unknown filter"),
        pytest.param("POST", "/v1/search", {"json": {"question": "x", "k": 0}}, 422, id="k of zero"),
        pytest.param("POST", "/v1/search", {"json": {"question": "x", "k": 101}}, 422, id="k beyond its bound"),
        pytest.param("PUT", "/v1/documents", {"files": {"file": ("a.md", b"x")}}, 403, id="upload to a reader"),
        pytest.param("DELETE", "/v1/documents/x", {}, 403, id="removal from a reader"),
    ],
)
def test_a_wrong_call_is_a_problem_with_advice(
    method: str, path: str, options: dict[str, object], status: int, client: httpx.Client
) -> None:
    problem_of(client.request(method, path, **options), status)


def test_a_service_without_an_index_is_alive_but_not_ready(tmp_path: Path, serving: Serving) -> None:
    client = serving(create_app(build_pipeline(settings_at(tmp_path / "none"), HashEncoder())))

    assert client.get("/healthz").status_code == 200
    problem_of(client.get("/readyz"), 503)
    problem_of(client.post("/v1/search", json={"question": L1}), 503)
    assert client.post("/v1/ask", json={"question": L1}).json()["reason"] == "no_index"


def test_an_unforeseen_error_is_a_problem_without_details(
    tmp_path: Path, serving: Serving, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    client = serving(create_app(build_pipeline(settings_at(tmp_path / "none"), HashEncoder())))
    monkeypatch.setattr(Pipeline, "answer", lambda *_: 1 / 0)

    with caplog.at_level(logging.ERROR):
        found = problem_of(client.post("/v1/ask", json={"question": L1}), 500)

    assert "division" not in json.dumps(found)
    assert "ZeroDivisionError" in caplog.text, "but the log has them"


def grow(settings: Settings, docs: Path) -> None:
    for n in range(4):
        write(docs, **{f"new{n}": f"# New {n}\n\n## Question 1: What is item {n}?\n\nItem {n} is new.\n"})
        ingest([docs], settings, HashEncoder())


def test_questions_go_on_while_another_process_ingests(tmp_path: Path, serving: Serving) -> None:
    settings, docs = settings_at(tmp_path / "index"), write(tmp_path / "docs", a=UPLOAD)
    ingest([docs], settings, HashEncoder())
    client = serving(create_app(build_pipeline(settings, HashEncoder()), Uploads(settings, HashEncoder())))
    other = multiprocessing.get_context("spawn").Process(target=grow, args=(settings, docs))

    def ask(n: int) -> int:
        body = {"question": f"What is a quokka metric or item {n % 4}?"}
        reply = client.post("/v1/ask" if n % 2 else "/v1/search", json=body)
        for citation in reply.json().get("citations", []) if reply.is_success else []:
            document = client.get(f"/v1/documents/{citation['document_id']}").json()
            assert document["text"][citation["start"] : citation["end"]] == citation["quote"]
        return reply.status_code

    other.start()
    statuses: set[int] = set()
    with ThreadPoolExecutor(8) as threads:
        while other.is_alive():
            statuses |= set(threads.map(ask, range(16)))
    other.join()

    assert (other.exitcode, statuses) == (0, {200})
    assert len(client.get("/v1/documents").json()["documents"]) == 5
