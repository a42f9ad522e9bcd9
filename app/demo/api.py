"""Speaking to the API as any user of the demo market."""

import asyncio
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import httpx

from app.platform.access import Role

ATTEMPTS: Final = 5


class CallRefused(Exception):
    """The API answered with a problem where an effect was needed."""

    def __init__(self, method: str, path: str, answer: httpx.Response) -> None:
        super().__init__(f"{method} {path}: {answer.status_code} {answer.text}")
        self.answer = answer


@dataclass(frozen=True, slots=True)
class Who:
    """A user: whom it acts for, and as what."""

    role: Role
    party_key: str


Headers = Callable[[Who], Mapping[str, str]]


class Api:
    """An HTTP client with a header source; counts its requests.

    Args:
        headers_of: Authorization headers of a user.
    """

    def __init__(self, client: httpx.AsyncClient, headers_of: Headers) -> None:
        self._client = client
        self._headers_of = headers_of
        self.request_count = 0

    async def send(
        self,
        method: str,
        who: Who | None,
        path: str,
        body: Any = None,
        *,
        key: str | None = None,
        etag: str | None = None,
    ) -> httpx.Response:
        """Send a request; unsafe ones carry ``key`` or a fresh idempotency key.

        A 503 decided nothing and is tried again with the same key, as any client should.
        """
        headers = {} if who is None else dict(self._headers_of(who))
        if etag is not None:
            headers["If-Match"] = etag
        if method != "GET":
            headers["Idempotency-Key"] = key or str(uuid.uuid4())
        for _ in range(ATTEMPTS):
            self.request_count += 1
            answer = await self._client.request(method, path, json=body, headers=headers)
            if answer.status_code != 503:
                break
            await asyncio.sleep(int(answer.headers.get("Retry-After", "1")))
        return answer

    async def get(self, who: Who | None, path: str) -> Any:
        """Return the body of a successful GET.

        Raises:
            CallRefused: The answer is a problem.
        """
        return self._body("GET", path, await self.send("GET", who, path))

    async def post(self, who: Who, path: str, body: Any = None, *, key: str | None = None) -> Any:
        """Return the body of a successful POST.

        Raises:
            CallRefused: The answer is a problem.
        """
        return self._body("POST", path, await self.send("POST", who, path, body, key=key))

    async def put(self, who: Who, path: str, body: Any, *, etag: str) -> Any:
        """Replace the version of a document that ``etag`` names; return the new one.

        Raises:
            CallRefused: The answer is a problem.
        """
        return self._body("PUT", path, await self.send("PUT", who, path, body, etag=etag))

    def _body(self, method: str, path: str, answer: httpx.Response) -> Any:
        if answer.is_error:
            raise CallRefused(method, path, answer)
        return answer.json()
