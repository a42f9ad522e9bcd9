"""The model of the extra, loaded once, and a server that answers as a test tells it."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from app.matching.embedding.onnx_e5 import E5, weights_path


@pytest.fixture(scope="session")
def e5() -> E5:
    """The real model, as the development lock installs it."""
    path = weights_path()
    assert path is not None
    return E5(path)


@dataclass(frozen=True)
class Asked:
    """A request that the server was sent."""

    path: str
    authorization: str | None
    body: Any


@dataclass
class Server:
    """A real HTTP server on this machine.

    Attributes:
        answer: Gives status, headers and body for a request.
        asked: All requests so far.
    """

    url: str = ""
    answer: Callable[[Asked], tuple[int, dict[str, str], bytes]] = field(
        default=lambda _asked: (500, {}, b"")
    )
    asked: list[Asked] = field(default_factory=list)


def embeddings(rows: list[list[float]]) -> bytes:
    """Return the body of a good answer, last row first: the order is the index's matter."""
    data = [{"object": "embedding", "index": n, "embedding": row} for n, row in enumerate(rows)]
    return json.dumps({"object": "list", "data": data[::-1]}).encode()


@pytest.fixture
def server() -> Iterator[Server]:
    """A server that ends with the test."""
    told = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:  # the name is http.server's
            length = int(self.headers["Content-Length"])
            asked = Asked(
                self.path, self.headers["Authorization"], json.loads(self.rfile.read(length))
            )
            told.asked.append(asked)
            status, headers, body = told.answer(asked)
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            with suppress(ConnectionError):  # a client may have left
                self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        told.url = f"http://127.0.0.1:{http.server_port}/v1"
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield told
        http.shutdown()
        thread.join()
