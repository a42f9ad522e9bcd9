"""Asks an OpenAI-compatible ``POST {url}/embeddings``.

The address is the operator's setting, never a user's, so it may lie in the exchange's own
network. Redirects are not followed: the key goes nowhere else.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import httpx
import numpy as np
from pydantic import SecretStr

from app.matching.domain.vectors import Floats
from app.matching.embedding.embedder import EmbedderUnavailable

_TOO_LONG: Final = frozenset({400, 413, 422})  # how servers refuse a text beyond their length
_LATER: Final = frozenset({408, 429, 500, 502, 503, 504})
_PAUSE_MAX_S: Final = 10.0
_SAID_MAX: Final = 200


class TextsRefused(Exception):
    """The server takes these texts not as they are."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a caller waits.

    Attributes:
        attempts: In all, for what may work later.
        timeout_s: Of one, for the connection and for each piece of the answer.
        pause_s: Before the second; doubled before each further one, longer if the server says so.
    """

    attempts: int
    timeout_s: float
    pause_s: float


class OpenAiApi:
    """One model of one server; safe from any thread."""

    def __init__(
        self,
        url: str,
        model: str,
        key: SecretStr | None,
        *,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.model = model
        self._url = f"{url.rstrip('/')}/embeddings"
        secret = {} if key is None else {"Authorization": f"Bearer {key.get_secret_value()}"}
        self._client = httpx.Client(headers=secret)
        self._sleep = sleep

    def vectors(self, texts: Sequence[str], patience: Patience) -> Floats:
        """Return one row of length 1 a text.

        Raises:
            TextsRefused: Shorter texts, or fewer, may be taken.
            EmbedderUnavailable: No answer, or none that gives these vectors.
        """
        said = ""
        pause_s = patience.pause_s
        for attempt in range(patience.attempts):
            if attempt:
                self._sleep(min(pause_s, _PAUSE_MAX_S))
            pause_s = patience.pause_s * 2**attempt
            try:
                answer = self._client.post(
                    self._url,
                    json={"model": self.model, "input": list(texts)},
                    timeout=patience.timeout_s,
                )
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                said = f"{type(error).__name__} {error}"
                continue
            if answer.is_success:
                return _rows(answer, len(texts))
            said = f"{answer.status_code} {answer.text[:_SAID_MAX]}"
            if answer.status_code in _TOO_LONG:
                raise TextsRefused(said)
            if answer.status_code not in _LATER:
                break
            pause_s = max(pause_s, _asked_pause_s(answer))
        raise EmbedderUnavailable(f"{self._url}: {said}")


def _asked_pause_s(answer: httpx.Response) -> float:
    asked = answer.headers.get("retry-after", "")
    return float(asked) if asked.isdecimal() else 0.0


def _rows(answer: httpx.Response, count: int) -> Floats:
    """Return the vectors of an answer in the order that was asked for."""
    try:
        told = {row["index"]: row["embedding"] for row in answer.json()["data"]}
        rows = np.array([told[index] for index in range(count)], dtype=np.float64)
        lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    except (ValueError, LookupError, TypeError) as error:
        raise EmbedderUnavailable(f"{answer.url}: no {count} embeddings: {error!r}") from None
    if rows.ndim != 2 or not (np.isfinite(lengths) & (lengths > 0)).all():
        raise EmbedderUnavailable(f"{answer.url}: no vectors that have a direction")
    vectors: Floats = (rows / lengths).astype(np.float32)
    return vectors
