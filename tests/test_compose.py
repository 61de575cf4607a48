"""Each command of docker-compose.yml and of the image runs here too, without Docker, against the real programs."""

import json
import os
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
import yaml
from fakes import free_port, write

ROOT = Path(__file__).parent.parent
SERVICES = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))["services"]
BIN = Path(sys.executable).parent


class Stand:
    """The containers' file system and addresses, mapped to a folder and to free ports."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ports = {"chroma": free_port(), "prep": free_port()}
        self.environment = {
            **os.environ,
            "PREP_INDEX__DIRECTORY": str(folder / "var/lib/prep"),
            "PREP_INDEX__CHROMA_URL": SERVICES["prep"]["environment"]["PREP_INDEX__CHROMA_URL"].replace(
                "chroma:8000", f"127.0.0.1:{self.ports['chroma']}"
            ),
        }

    def command(self, service: str, command: list[str]) -> list[str]:
        port = str(self.ports.get(service, 0))
        words = [word.replace("8000", port).replace("/var/lib", str(self.folder / "var/lib")) for word in command]
        words = ["127.0.0.1" if word == "0.0.0.0" else word for word in words]
        return [str(BIN / words[0]), *words[1:]]

    def run(self, service: str, command: list[str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(service, command), cwd=self.folder, env=self.environment, capture_output=True, text=True
        )

    @contextmanager
    def running(self, service: str) -> Iterator[None]:
        """A service with the command of the file (or of the image), up as soon as its own healthcheck says so."""
        process = subprocess.Popen(
            self.command(service, SERVICES[service]["command"]),
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        check = SERVICES[service]["healthcheck"]["test"][1:]
        deadline = time.monotonic() + 120
        try:
            while self.run(service, check).returncode:
                assert process.poll() is None, f"{service} ended with {process.returncode}"
                assert time.monotonic() < deadline, f"{service} is not healthy"
                time.sleep(0.2)
            yield
        finally:
            process.terminate()
            process.wait(30)


@pytest.fixture
def stand(tmp_path: Path) -> Stand:
    write(tmp_path / "data/corpus", **{"dropout.md": "# Notes\n\n## What is dropout?\n\nDropout sets units to zero.\n"})
    return Stand(tmp_path)


def test_the_stack_answers_with_the_commands_of_the_file(stand: Stand) -> None:
    with stand.running("chroma"):
        ingested = stand.run("ingest", SERVICES["ingest"]["command"])
        assert ingested.returncode == 0, ingested.stderr
        with stand.running("prep"):
            address = f"http://127.0.0.1:{stand.ports['prep']}"
            answer = httpx.post(f"{address}/v1/ask", json={"question": "What is dropout?"}, timeout=60).json()

    assert "Dropout sets units to zero." in answer["text"]


def test_the_image_starts_what_compose_starts() -> None:
    image = (ROOT / "Dockerfile").read_text(encoding="utf-8")

    assert f"CMD {json.dumps(SERVICES['prep']['command'])}" in image
    copied = {word for line in image.splitlines() if line.startswith("COPY") for word in line.split()[1:-1]}
    packages = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]["packages"]
    assert {package.split(".")[0] for package in packages} | {"data"} <= copied
