"""A model on another server, over real HTTP on this machine."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from pydantic import SecretStr

from app.matching.domain.vectors import CosineScale
from app.matching.embedding import EmbedderUnavailable, TextRefused, served
from app.matching.embedding.openai_api import OpenAiApi, Patience
from app.matching.embedding.served import AWAY_S, BATCH, ServedModel
from tests.matching.embedding.conftest import Asked, Server, embeddings

KEY = "sk-7e1f-secret"
Answer = tuple[int, dict[str, str], bytes]


def direction(text: str) -> list[float]:
    """Return a vector that tells texts apart, not of length 1."""
    return [3.0 + len(text), 4.0, float(ord(text[0]))]


def good(asked: Asked) -> Answer:
    return 200, {}, embeddings([direction(text) for text in asked.body["input"]])


@dataclass
class Client:
    """A model with a clock and pauses of the test's."""

    server: Server
    pauses: list[float] = field(default_factory=list)
    now: float = 1000.0

    def __post_init__(self) -> None:
        self.api = OpenAiApi(
            self.server.url + "/", "bge-large-zh", SecretStr(KEY), sleep=self.pauses.append
        )
        self.model = ServedModel(
            self.api, dimensions=3, scale=CosineScale(0.3, 0.4), clock=lambda: self.now
        )


@pytest.fixture
def client(server: Server) -> Iterator[Client]:
    client = Client(server)
    yield client
    client.api._client.close()


def test_texts_are_asked_in_batches_and_come_back_in_order(server: Server, client: Client) -> None:
    server.answer = good
    texts = [f"{chr(0x4E00 + n)}类成果" for n in range(BATCH + 5)]
    vectors = client.model.encode(texts, "passage")
    assert [len(asked.body["input"]) for asked in server.asked] == [BATCH, 5]
    first = server.asked[0]
    assert first.path == "/v1/embeddings"
    assert first.authorization == f"Bearer {KEY}"
    assert first.body == {"model": "bge-large-zh", "input": texts[:BATCH]}
    for row, text in zip(vectors.tolist(), texts, strict=True):
        length = sum(part * part for part in direction(text)) ** 0.5
        assert row == pytest.approx([part / length for part in direction(text)], abs=1e-6)


def test_name_tells_vectors_of_other_lengths_apart(client: Client) -> None:  # MT15
    assert (client.model.name, client.model.dimensions) == ("bge-large-zh/3", 3)


def test_no_texts_ask_nothing(server: Server, client: Client) -> None:
    assert client.model.encode([], "passage").shape == (0, 3)
    assert server.asked == []


def test_busy_server_is_asked_again_when_it_says(server: Server, client: Client) -> None:
    pauses = ["7", "3600"]
    server.answer = lambda asked: (
        good(asked)
        if len(server.asked) > 2
        else (429, {"Retry-After": pauses.pop(0)}, b"slow down")
    )
    assert client.model.encode(["照明", "轴承"], "passage").shape == (2, 3)
    assert client.pauses == [7, 10]  # no pause is longer


def test_broken_server_is_given_up_with_growing_pauses(server: Server, client: Client) -> None:
    server.answer = lambda _asked: (503, {}, b"overloaded")
    with pytest.raises(EmbedderUnavailable, match="503 overloaded"):
        client.model.encode(["照明", "轴承"], "passage")
    assert client.pauses == [1, 2]


@pytest.mark.parametrize("status", [301, 401, 404])
def test_refusal_is_told_at_once_without_the_key(
    server: Server, client: Client, status: int
) -> None:  # MT33
    server.answer = lambda _asked: (status, {"Location": f"{server.url}/x"}, b"no such key")
    with pytest.raises(EmbedderUnavailable, match=f"{status} no such key") as refusal:
        client.model.encode(["照明"], "passage")
    assert len(server.asked) == 1
    assert KEY not in refusal.value.detail


def test_text_that_is_too_long_is_shortened_alone(server: Server, client: Client) -> None:
    def answer(asked: Asked) -> Answer:
        is_long = any(len(text) > 300 for text in asked.body["input"])
        return (400, {}, b"maximum context length") if is_long else good(asked)

    server.answer = answer
    texts = ["照明", "桥" * 1000, "轴承", "泵"]
    vectors = client.model.encode(texts, "passage").tolist()
    server.answer = good
    shortened = [texts[0], "桥" * 250, *texts[2:]]
    assert vectors == client.model.encode(shortened, "passage").tolist()


def test_server_that_takes_no_text_is_not_asked_for_ever(server: Server, client: Client) -> None:
    server.answer = lambda _asked: (400, {}, b"unknown model")
    with pytest.raises(EmbedderUnavailable, match="unknown model"):
        client.model.encode(["桥" * 1000] * BATCH, "passage")
    assert len(server.asked) < 15


def test_a_text_that_is_refused_keeps_nobody_else_from_asking(
    server: Server, client: Client
) -> None:  # MT19
    server.answer = lambda asked: (
        (400, {}, b"inappropriate content") if "炸药" in asked.body["input"][0] else good(asked)
    )
    with pytest.raises(TextRefused, match="inappropriate"):
        client.model.encode(["民用炸药装填"], "query")
    assert client.model.encode(["照明"], "query").shape == (1, 3)


def test_other_dimensions_are_refused(server: Server, client: Client) -> None:
    server.answer = lambda _asked: (200, {}, embeddings([[1.0, 2.0]]))
    with pytest.raises(EmbedderUnavailable, match="2 dimensions") as refusal:
        client.model.encode(["照明"], "passage")
    assert refusal.value.fields == {"expected": 3}


ROW = {"index": 0, "embedding": [1, 2, 2]}
MALFORMED = {
    "no JSON": b"<html>",
    "no UTF-8": b"\xff\xfe\xfa",
    "an array": b"[1]",
    "no data": b"{}",
    "none": json.dumps({"data": []}).encode(),
    "fewer": json.dumps({"data": [ROW]}).encode(),
    "twice the same": json.dumps({"data": [ROW, ROW]}).encode(),
    "no index": json.dumps({"data": [{"embedding": [1, 2, 2]}] * 2}).encode(),
    "ragged": embeddings([[1, 2, 2], [1, 2]]),
    "numbers": json.dumps({"data": [{"index": n, "embedding": 1} for n in (0, 1)]}).encode(),
    "deeper": json.dumps(
        {"data": [{"index": n, "embedding": [[1, 2], [3, 4]]} for n in (0, 1)]}
    ).encode(),
    "empty": embeddings([[], []]),
    "words": json.dumps({"data": [{"index": n, "embedding": ["a"]} for n in (0, 1)]}).encode(),
    "not a number": embeddings([[1, 2, float("nan")], [1, 2, 2]]),
    "infinite": embeddings([[1, 2, float("inf")], [1, 2, 2]]),
    "zero": embeddings([[0, 0, 0], [1, 2, 2]]),
}


@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED.keys())
def test_answer_that_is_no_vectors_is_refused(server: Server, client: Client, body: bytes) -> None:
    server.answer = lambda _asked: (200, {}, body)
    with pytest.raises(EmbedderUnavailable):
        client.model.encode(["照明", "轴承"], "passage")


def test_slow_server_is_left(
    server: Server, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(served, "ALONE", Patience(attempts=2, timeout_s=0.1, pause_s=0.2))

    def answer(asked: Asked) -> Answer:
        time.sleep(0.3)
        return good(asked)

    server.answer = answer
    with pytest.raises(EmbedderUnavailable, match="ReadTimeout"):
        client.model.encode(["照明"], "query")
    assert client.pauses == [0.2]


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/v1", "127.0.0.1", "ftp://host", "http://[/v1"])
def test_address_without_a_server_is_told(url: str) -> None:
    api = OpenAiApi(url, "m", None)
    with pytest.raises(EmbedderUnavailable, match=r"embeddings: .+"):
        api.vectors(["照明"], Patience(attempts=1, timeout_s=1, pause_s=0))


def test_after_a_failure_a_lone_text_waits_for_nothing_but_several_try(
    server: Server, client: Client
) -> None:  # MT19
    server.answer = lambda _asked: (503, {}, b"")
    with pytest.raises(EmbedderUnavailable):
        client.model.encode(["照明"], "query")
    asked = len(server.asked)
    server.answer = good
    with pytest.raises(EmbedderUnavailable, match="a moment ago"):
        client.model.encode(["照明"], "query")
    assert len(server.asked) == asked
    assert client.model.encode(["照明", "轴承"], "query").shape == (2, 3)
    client.now += AWAY_S
    assert client.model.encode(["照明"], "query").shape == (1, 3)
