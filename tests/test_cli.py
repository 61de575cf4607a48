"""The `prep` command as a shell sees it: output, exit codes, help."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest
from fakes import free_port, write

import core.encoder
import core.health
import service.bootstrap
from cli.main import main
from core import fingerprint
from core.encoder import Encoder
from core.settings import Settings

PREP = str(Path(sys.executable).with_name("prep"))
L1 = "Why does L1 regularisation give sparse weights?"


class Outcome(NamedTuple):
    code: int
    out: str
    err: str


Run = Callable[..., Outcome]


@pytest.fixture
def run(encoder: Encoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs `prep` in this process with the encoder that is loaded already."""
    for module in (core.encoder, core.health, service.bootstrap):
        monkeypatch.setattr(module, "Encoder", lambda _: encoder)
    monkeypatch.chdir(tmp_path)

    def call(*words: object) -> Outcome:
        monkeypatch.setattr(sys, "argv", ["prep", *map(str, words)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as exit_:
            main()
        code = exit_.value.code or 0
        assert isinstance(code, int)
        return Outcome(code, *capsys.readouterr())

    return call


@pytest.fixture
def index(small: Settings) -> Path:
    return small.index.directory


def test_an_answer_as_json_is_one_value_and_nothing_else_in_a_process_of_its_own(index: Path, tmp_path: Path) -> None:
    command = [PREP, "ask", L1, "--json", "--index", str(index)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=120, check=False)

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["citations"][0]["source"] == "corpus/l1.md"
    assert done.stdout.count("\n") == 1
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("words", "key"),
    [
        pytest.param(["ask", L1], "sentences", id="ask"),
        pytest.param(["search", L1, "-k", "2"], "passages", id="search"),
        pytest.param(["documents"], "documents", id="documents"),
        pytest.param(["status"], "problems", id="status"),
    ],
)
def test_json_is_one_value_and_nothing_else(words: list[str], key: str, run: Run, index: Path) -> None:
    done = run(*words, "--json", "--index", index)

    assert done.code == 0
    assert key in json.loads(done.out)
    assert done.err == ""
    assert run(*words, "--index", index).code == 0


def test_an_answer_for_people_names_its_sources(run: Run, index: Path) -> None:
    done = run("ask", L1, "--index", index, "--length", "brief")

    assert done.code == 0
    assert "[1]" in done.out
    assert re.search(r"\[1\] .*\(corpus/l1\.md, characters \d+–\d+\)", done.out)


def test_a_follow_up_is_read_after_earlier_questions(run: Run, index: Path) -> None:
    done = run("ask", "And when is it used?", "--after", "What is dropout?", "--after", L1, "--index", index)

    assert "read as: L1 regularisation give sparse weights: And when is it used?" in done.out


def test_a_refusal_ends_with_one(run: Run, index: Path) -> None:
    done = run("ask", "What is the capital of Mongolia?", "--index", index, "--json")

    assert done.code == 1
    assert json.loads(done.out)["refused"] is True


@pytest.mark.parametrize(
    "words",
    [
        pytest.param([], id="no verb"),
        pytest.param(["dance"], id="unknown verb"),
        pytest.param(["ask"], id="no question"),
        pytest.param(["ask", "?"], id="no words"),
        pytest.param(["ask", "x", "--length", "epic"], id="unknown length"),
        pytest.param(["ask", "x", "--filter", "role"], id="filter without a value"),
        pytest.param(["ask", "x", "--filter", "[/red]=blue"], id="unknown filter, like markup"),
        pytest.param(["search", "x", "-k", "0"], id="k of zero"),
        pytest.param(["remove"], id="nothing to remove"),
        pytest.param(["ingest"], id="nothing to ingest"),
        pytest.param(["serve", "--port", "99999"], id="no such port"),
    ],
)
def test_a_wrong_call_ends_with_two_and_says_why_on_stderr(words: list[str], run: Run, index: Path) -> None:
    done = run(*words, *(["--index", index] if words and words[0] in ("ask", "search") else []))

    assert done.code == 2
    assert done.err or not words
    assert not done.out or not words


def test_a_wrong_setting_ends_with_two_and_names_it(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREP_RETRIEVAL__POOL", "many")

    done = run("ask", "What is dropout?")

    assert done.code == 2
    assert "PREP_RETRIEVAL__POOL" in done.err


def test_a_setting_that_cannot_be_read_ends_with_two_and_advice(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREP_LLM", "{")

    done = run("ask", "What is dropout?")

    assert done.code == 2
    assert "llm" in done.err
    assert "JSON" in done.err


def test_a_terminal_that_knows_only_ascii_gets_an_answer(index: Path, tmp_path: Path) -> None:
    command = [PREP, "ask", L1, "--index", str(index)]
    ascii_only = os.environ | {"LC_ALL": "C", "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(command, capture_output=True, cwd=tmp_path, env=ascii_only, timeout=120, check=False)

    assert done.returncode == 0, done.stderr
    assert done.stdout.isascii()


@pytest.mark.parametrize("words", [["search", "x"], ["documents"], ["remove", "x"], ["status"]], ids=" ".join)
def test_without_an_index_a_verb_ends_with_one_and_advice(words: list[str], run: Run, tmp_path: Path) -> None:
    done = run(*words, "--index", tmp_path / "none")

    assert done.code == 1
    assert "prep ingest" in done.out + done.err


@pytest.mark.parametrize(
    ("filter_", "sources"),
    [
        pytest.param(["--filter", "role=data-scientist"], {"corpus/metrics.md", "corpus/failure.md"}, id="one"),
        pytest.param(
            ["--filter", "topic=rag", "--filter", "topic=behavioural", "--filter", "role=data-scientist"],
            {"corpus/failure.md"},
            id="either topic and the role",
        ),
    ],
)
def test_filters_bound_the_search(filter_: list[str], sources: set[str], run: Run, index: Path) -> None:
    found = json.loads(run("search", L1, "--json", "--index", index, *filter_).out)

    assert {passage["source"] for passage in found["passages"]} == sources


def test_documents_come_are_listed_and_go(run: Run, tmp_path: Path) -> None:
    docs, index = (
        write(tmp_path / "docs", a="# [bold]Alpha[/bold]\n\nSome words.\n", b="# Beta\n\nMore words.\n"),
        tmp_path / "i",
    )
    first = run("ingest", docs, "--index", index, "--json")
    assert (first.code, json.loads(first.out)["encoded"]) == (0, 2)
    assert "2 unchanged" in run("ingest", docs, "--index", index).out

    listed = json.loads(run("documents", "--index", index, "--json").out)["documents"]
    assert "Alpha" in run("documents", "--index", index).out
    done = run("remove", listed[0]["id"], "--index", index, "--json")
    assert (done.code, json.loads(done.out)["documents"]) == (0, 1)
    assert run("remove", listed[0]["id"], "--index", index).code == 1

    (docs / "c.md").write_text("")
    failed = run("ingest", docs, "--index", index, "--json")
    assert failed.code == 1
    assert json.loads(failed.out)["problems"][0]["source"] == "docs/c.md"
    assert "docs/c.md" in failed.err
    assert run("status", "--index", index).code == 0


def test_the_command_that_a_mismatch_names_mends_it(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREP_INDEX__DIRECTORY", str(tmp_path / "index"))
    run("ingest", write(tmp_path / "docs", a="# Alpha\n\nSome words.\n"))
    monkeypatch.setattr(fingerprint, "SPLITTER_VERSION", fingerprint.SPLITTER_VERSION + 1)
    refused = run("search", "words")
    named = re.search(r"`prep (.+?)`", refused.err)

    assert refused.code == 1
    assert named
    assert run(*named.group(1).split()).code == 0
    assert run("search", "words").code == 0


def test_an_interrupted_verb_ends_as_shells_expect(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(core.health, "health", interrupted)

    assert run("status").code == 130


def test_a_damaged_index_is_a_problem_of_status_not_a_crash(run: Run, tmp_path: Path) -> None:
    docs, index = write(tmp_path / "docs", a="# Alpha\n\nSome words.\n"), tmp_path / "index"
    run("ingest", docs, "--index", index)
    next(index.glob("generations/*/vectors.npy")).unlink()

    done = run("status", "--index", index, "--json")

    assert done.code == 1
    assert "ingest again" in json.loads(done.out)["problems"][0]


@pytest.mark.parametrize("verb", ["ask", "search", "ingest", "documents", "remove", "status", "serve"])
def test_every_verb_explains_itself(verb: str, run: Run) -> None:
    done = run(verb, "--help")

    assert done.code == 0
    assert "--index" in re.sub(r"\x1b\[[\d;]*m", "", done.out)
    assert verb in run("--help").out


def test_help_loads_no_model_library() -> None:
    code = "import sys, cli.main; print({'torch', 'sentence_transformers', 'fastapi'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)

    assert done.stdout == "set()\n"


@pytest.fixture
def served(index: Path, tmp_path: Path) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    port = free_port()
    environment = os.environ | {"PREP_SERVICE__ALLOW_WRITES": "false"}
    command = [PREP, "serve", "--port", str(port), "--index", str(index)]
    process = subprocess.Popen(command, cwd=tmp_path, env=environment, stderr=subprocess.DEVNULL)
    yield process, f"http://127.0.0.1:{port}"
    process.kill()
    process.wait(10)


def test_serve_starts_answers_and_stops_when_told(served: tuple[subprocess.Popen[bytes], str]) -> None:
    process, url = served
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline and process.poll() is None:
        try:
            httpx.get(f"{url}/readyz", trust_env=False).raise_for_status()
            break
        except httpx.HTTPError:
            time.sleep(0.1)

    answer = httpx.post(f"{url}/v1/ask", json={"question": L1}, timeout=30, trust_env=False).json()
    assert answer["refused"] is False
    assert httpx.delete(f"{url}/v1/documents/x", trust_env=False).status_code == 403
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) in (0, -signal.SIGTERM)
