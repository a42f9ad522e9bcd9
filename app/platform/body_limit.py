"""The largest body of a request, refused before it is read or while it comes."""

from collections.abc import Mapping

from fastapi import Request
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.platform.problems import on_http_error


class BodyLimit:
    """ASGI middleware; it stands inside `RequestContext`, so its refusals are problems too.

    Args:
        default_bytes: Limit of every path that ``paths_bytes`` does not name.
        paths_bytes: Limit by exact path.
    """

    def __init__(self, app: ASGIApp, *, default_bytes: int, paths_bytes: Mapping[str, int]) -> None:
        self._app = app
        self._default = default_bytes
        self._paths = paths_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = self._paths.get(scope["path"], self._default)
        refusal = HTTPException(413, f"The body may have at most {limit} bytes.")
        received = 0

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > limit:
                raise refusal
            return message

        declared = Headers(scope=scope).get("content-length", "")
        if declared.isascii() and declared.isdigit() and int(declared) > limit:
            response = await on_http_error(Request(scope), refusal)
            await response(scope, receive, send)
            return
        await self._app(scope, counted, send)
