"""A server on loopback that speaks the OpenAI chat-completions protocol and does what each test's script says.

A script is a list of replies, one a request, the last one repeated. A reply gets the request's handler and writes what
it likes: a completion, half a stream, an error, nothing at all.
"""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Asked:
    """One request as the server saw it; `gone` is set when its client went away before the reply was finished."""

    body: dict[str, Any]
    headers: dict[str, str]
    gone: threading.Event = field(default_factory=threading.Event)

    @property
    def system(self) -> str:
        return str(self.body["messages"][0]["content"])

    @property
    def user(self) -> str:
        return str(self.body["messages"][-1]["content"])


class Handler(BaseHTTPRequestHandler):
    """Keeps what was asked, then lets the script reply."""

    server: "Server"
    asked: Asked

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.asked = Asked(body, {name.lower(): value for name, value in self.headers.items()})
        reply = self.server.script[min(len(self.server.asked), len(self.server.script) - 1)]
        self.server.asked.append(self.asked)
        try:
            reply(self)
        except OSError:
            self.asked.gone.set()

    def begin(self, status: int = 200, content_type: str = "text/event-stream", **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Connection", "close")
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    def send(self, text: str) -> None:
        self.wfile.write(text.encode())
        self.wfile.flush()

    def chunk(self, content: str | None = None, finish: str | None = None) -> None:
        delta = {} if content is None else {"content": content}
        made = {"object": "chat.completion.chunk", "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}
        self.send(f"data: {json.dumps(made)}\n\n")

    def log_message(self, *_: object) -> None:
        """The tests' output stays clean."""


Reply = Callable[[Handler], None]


class Server(ThreadingHTTPServer):
    """`asked` is what was asked of it."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, script: list[Reply]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.script = script
        self.asked: list[Asked] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"

    def handle_error(self, *_: object) -> None:
        """A client that goes away is part of the tests."""


@contextmanager
def speaking(*script: Reply) -> Iterator[Server]:
    """A server with a script, stopped afterwards."""
    server = Server(list(script))
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


def says(text: str, size: int = 7, pause: float = 0.0, finish: str = "stop") -> Reply:
    """A stream of chunks of `size` characters."""

    def reply(handler: Handler) -> None:
        handler.begin()
        for start in range(0, len(text), size):
            handler.chunk(text[start : start + size])
            time.sleep(pause)
        handler.chunk(finish=finish)
        handler.send("data: [DONE]\n\n")

    return reply


def says_whole(text: str, finish: str = "stop") -> Reply:
    """A completion that is not streamed, though it was asked to be."""

    def reply(handler: Handler) -> None:
        handler.begin(content_type="application/json")
        choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": finish}
        handler.send(json.dumps({"object": "chat.completion", "choices": [choice]}))

    return reply


def fails(status: int, message: str = "no", **headers: str) -> Reply:
    """An error of the vendor's shape."""

    def reply(handler: Handler) -> None:
        handler.begin(status, "application/json", **headers)
        handler.send(json.dumps({"error": {"message": message, "type": "error"}}))

    return reply


def sends(text: str, content_type: str = "text/event-stream") -> Reply:
    """Raw text, whatever it is."""

    def reply(handler: Handler) -> None:
        handler.begin(content_type=content_type)
        handler.send(text)

    return reply


def pours(status: int = 200, content_type: str = "application/json") -> Reply:
    """A body without end."""

    def reply(handler: Handler) -> None:
        handler.begin(status, content_type)
        while True:
            handler.send("x" * 100_000)

    return reply


def hangs(before: str = "") -> Reply:
    """Says something, or not even a header, and then nothing until the client is gone."""

    def reply(handler: Handler) -> None:
        if before:
            handler.begin()
            handler.chunk(before)
        handler.connection.settimeout(60)
        if not handler.connection.recv(1):
            handler.asked.gone.set()

    return reply


def breaks_off(before: str) -> Reply:
    """Half a stream."""

    def reply(handler: Handler) -> None:
        handler.begin()
        handler.chunk(before)

    return reply


def drips(text: str, pause: float = 0.1) -> Reply:
    """One byte at a time, inside one event that never ends."""

    def reply(handler: Handler) -> None:
        handler.begin()
        handler.send('data: {"choices": [{"delta": {"content": "')
        while True:
            for character in text:
                handler.send(character)
                time.sleep(pause)

    return reply
