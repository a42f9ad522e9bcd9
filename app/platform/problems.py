"""Errors as RFC 9457 problem+json: a code, the field, the rule and what would be accepted."""

from http import HTTPStatus
from typing import Any, Final

import structlog
from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException

from app.shared.errors import (
    Conflict,
    DomainError,
    Forbidden,
    NotFound,
    RuleBroken,
    TooMany,
    Unauthenticated,
    Unavailable,
)
from app.shared.jsonable import jsonable

log = structlog.get_logger()

MEDIA_TYPE: Final = "application/problem+json"

STATUS: Final[dict[type[DomainError], int]] = {
    RuleBroken: 400,
    Unauthenticated: 401,
    Forbidden: 403,
    NotFound: 404,
    Conflict: 409,
    TooMany: 429,
    Unavailable: 503,
}


class Busy(Unavailable):
    """The database did not answer in time; nothing was decided."""

    code = "busy"
    title_zh = "系统繁忙，请稍后用同一幂等键重试"
    title_en = "The service is busy: retry with the same idempotency key"


def status_of(error: DomainError) -> int:
    """Return the HTTP status of an error's category."""
    return next(status for kind, status in STATUS.items() if isinstance(error, kind))


def problem(
    status: int, *, code: str, title: str, detail: str, fields: dict[str, Any] | None = None
) -> JSONResponse:
    """Return a problem+json response; ``fields`` become extension members."""
    body = {
        "type": f"urn:zhepai:problem:{code}",
        "title": title,
        "status": status,
        "detail": detail,
        "code": code,
        "request_id": structlog.contextvars.get_contextvars().get("request_id"),
    }
    extra = {} if fields is None else {key: jsonable(value) for key, value in fields.items()}
    headers = {}
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if "retry_after_s" in extra:
        headers["Retry-After"] = str(extra["retry_after_s"])
    return JSONResponse({**extra, **body}, status, headers, media_type=MEDIA_TYPE)


def of_domain(error: DomainError) -> JSONResponse:
    """Return the problem of a domain error."""
    return problem(
        status_of(error),
        code=error.code,
        title=f"{error.title_zh} / {error.title_en}",
        detail=error.detail,
        fields=error.fields,
    )


async def on_domain_error(_request: Request, error: Exception) -> JSONResponse:
    """Answer a domain error."""
    assert isinstance(error, DomainError)
    return of_domain(error)


async def on_invalid_request(_request: Request, error: Exception) -> JSONResponse:
    """Answer a malformed request: each field with the rule it broke."""
    assert isinstance(error, RequestValidationError)
    errors = [
        {
            "field": ".".join(str(part) for part in item["loc"]),
            "rule": item["type"],
            "message": item["msg"],
            "accepted": {
                key: value if isinstance(value, int | str | bool) else str(value)
                for key, value in item.get("ctx", {}).items()
                if key != "error"
            },
        }
        for item in error.errors()
    ]
    return problem(
        422,
        code="request_invalid",
        title="请求内容不符合要求 / The request is not well formed",
        detail="; ".join(f"{item['field']}: {item['message']}" for item in errors),
        fields={"errors": errors},
    )


async def on_http_error(_request: Request, error: Exception) -> JSONResponse:
    """Answer what the framework refuses: unknown path, wrong method, body too large."""
    assert isinstance(error, HTTPException)
    phrase = HTTPStatus(error.status_code).phrase
    response = problem(
        error.status_code,
        code=phrase.lower().replace(" ", "_").replace("-", "_"),
        title=phrase,
        detail=str(error.detail),
    )
    response.headers.update(error.headers or {})
    return response


async def on_database_error(_request: Request, error: Exception) -> JSONResponse:
    """Answer a database that is away or overloaded with 503; re-raise what is our own fault."""
    state = getattr(getattr(error, "orig", None), "sqlstate", None) or ""
    # Classes 08, 53, 57 and 40: connection, resources, intervention, serialisation; 55P03 lock.
    away = isinstance(error, PoolTimeout | OSError) or state[:2] in {"08", "53", "57", "40"}
    if isinstance(error, DBAPIError):
        away = away or error.connection_invalidated or state == "55P03"
    if not away:
        raise error
    log.warning("database_away", error=repr(error)[:500])
    return of_domain(Busy("Nothing was decided; retry with the same key.", retry_after_s=2))


async def on_crash(_request: Request, error: Exception) -> JSONResponse:
    """Answer an unforeseen error without its inside; the log has it under the request id."""
    log.error("request_crashed", exc_info=error)
    return problem(
        500,
        code="internal_error",
        title="系统内部错误 / Internal error",
        detail="The error was recorded under this request id.",
    )


HANDLERS: Final[dict[type[Exception] | int, Any]] = {
    DomainError: on_domain_error,
    RequestValidationError: on_invalid_request,
    HTTPException: on_http_error,
    DBAPIError: on_database_error,
    PoolTimeout: on_database_error,
    OSError: on_database_error,
    Exception: on_crash,
}
