"""Fixtures that several files share: the packaged encoder and a small index are made once a session."""

import ipaddress
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
import uvicorn
from fakes import CORPUS, HashEncoder, free_port, settings_at, write
from fastapi import FastAPI

from core.encoder import Encoder
from core.index import Index
from core.settings import EncoderSettings, Settings
from ingest.pipeline import ingest
from service.bootstrap import build_pipeline
from service.pipeline import Pipeline


@pytest.fixture(autouse=True)
def _loopback_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever reaches beyond this machine fails the test."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: tuple[str, int]) -> None:
        if self.family != socket.AF_UNIX and not ipaddress.ip_address(address[0]).is_loopback:
            raise AssertionError(f"a test reached for {address}")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture(scope="session")
def encoder() -> Encoder:
    """The packaged encoder, loaded once."""
    made = Encoder(EncoderSettings())
    made.encode(["warm up"])
    return made


@pytest.fixture
def fake_encoder() -> HashEncoder:
    return HashEncoder()


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of ten short documents."""
    return write(tmp_path_factory.mktemp("bank") / "corpus", **CORPUS)


@pytest.fixture(scope="session")
def small(corpus: Path, encoder: Encoder, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings of an index of `corpus`, which no test changes."""
    settings = settings_at(tmp_path_factory.mktemp("small") / "index")
    report = ingest([corpus], settings, encoder)
    assert not report.problems
    return settings


@pytest.fixture(scope="session")
def pipeline(small: Settings, encoder: Encoder) -> Iterator[Pipeline]:
    made = build_pipeline(small, encoder)
    yield made
    made.live.close()


@pytest.fixture
def opened() -> Iterator[Callable[[Settings], Index]]:
    """Opens indexes and closes them after the test."""
    indexes: list[Index] = []

    def open_(settings: Settings) -> Index:
        indexes.append(Index.open(settings.index))
        return indexes[-1]

    yield open_
    for index in indexes:
        index.close()


@pytest.fixture(scope="session")
def serving() -> Iterator[Callable[[FastAPI], httpx.Client]]:
    """Serves apps with uvicorn, each on a port of its own, and gives a client of it."""
    stops: list[Callable[[], None]] = []

    def serve(app: FastAPI) -> httpx.Client:
        port = free_port()
        server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="critical", ws="none", lifespan="on"))
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        deadline = time.monotonic() + 60
        while not server.started and thread.is_alive() and time.monotonic() < deadline:
            time.sleep(0.02)
        client = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60, trust_env=False)

        def stop() -> None:
            client.close()
            server.should_exit = True
            thread.join(20)

        stops.append(stop)
        return client

    yield serve
    for stop in stops:
        stop()
