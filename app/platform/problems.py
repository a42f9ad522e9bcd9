"""Errors as RFC 9457 problem+json: a code, the field, the rule and what would be accepted."""

from collections.abc import Mapping
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
FAULTS_MAX: Final = 100  # a body of a megabyte can hold a hundred thousand of them

STATUS: Final[dict[type[DomainError], int]] = {
    RuleBroken: 400,
    Unauthenticated: 401,
    Forbidden: 403,
    NotFound: 404,
    Conflict: 409,
    TooMany: 429,
    Unavailable: 503,
}


# Codes of our own: the phrases of http.HTTPStatus change with the version of Python.
_FRAMEWORK: Final = {
    404: ("path_unknown", "没有这个地址 / There is no such path"),
    405: ("method_not_allowed", "此地址不支持该方法 / The path does not take this method"),
    413: ("content_too_large", "请求内容过大 / The body is too large"),
}
_MALFORMED: Final = ("request_malformed", "请求无法解析 / The request cannot be read")


class Busy(Unavailable):
    """The database did not answer in time.

    Nothing was decided, unless it fell silent at the commit: then the key's answer tells.
    """

    code = "busy"
    title_zh = "系统繁忙，请稍后用同一幂等键重试"
    title_en = "The service is busy: retry with the same idempotency key"


def status_of(error: DomainError) -> int:
    """Return the HTTP status of an error's category."""
    return next(status for kind, status in STATUS.items() if isinstance(error, kind))


def problem_body(
    status: int,
    *,
    code: str,
    title: str,
    detail: str,
    request_id: str | None,
    fields: Mapping[str, Any],
) -> dict[str, Any]:
    """Return a problem; ``fields`` become extension members."""
    return {
        **{key: jsonable(value) for key, value in fields.items()},
        "type": f"urn:zhepai:problem:{code}",
        "title": title,
        "status": status,
        "detail": detail,
        "code": code,
        "request_id": request_id,
    }


def domain_body(error: DomainError, request_id: str | None) -> dict[str, Any]:
    """Return the problem of a domain error."""
    return problem_body(
        status_of(error),
        code=error.code,
        title=f"{error.title_zh} / {error.title_en}",
        detail=error.detail,
        request_id=request_id,
        fields=error.fields,
    )


def respond(body: dict[str, Any]) -> JSONResponse:
    """Return a problem as a response with the headers that its status asks for."""
    headers = {}
    if body["status"] == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if "retry_after_s" in body:
        headers["Retry-After"] = str(body["retry_after_s"])
    return JSONResponse(body, body["status"], headers, media_type=MEDIA_TYPE)


def current_request_id() -> str | None:
    """Return the id of the request that this task serves."""
    return structlog.contextvars.get_contextvars().get("request_id")


def problem(status: int, *, code: str, title: str, detail: str, **fields: object) -> JSONResponse:
    """Return a problem response of the current request."""
    return respond(
        problem_body(
            status,
            code=code,
            title=title,
            detail=detail,
            request_id=current_request_id(),
            fields=fields,
        )
    )


def of_domain(error: DomainError) -> JSONResponse:
    """Return the problem response of a domain error of the current request."""
    return respond(domain_body(error, current_request_id()))


async def on_domain_error(_request: Request, error: Exception) -> JSONResponse:
    """Answer a domain error."""
    assert isinstance(error, DomainError)
    return of_domain(error)


async def on_invalid_request(_request: Request, error: Exception) -> JSONResponse:
    """Answer a malformed request: each field with the rule it broke, up to `FAULTS_MAX`."""
    assert isinstance(error, RequestValidationError)
    found = error.errors()
    errors = [
        {
            "field": ".".join(str(part) for part in item["loc"]),
            "rule": item["type"],
            "message": item["msg"],
            "accepted": _accepted(item),
        }
        for item in found[:FAULTS_MAX]
    ]
    return problem(
        422,
        code="request_invalid",
        title="请求内容不符合要求 / The request is not well formed",
        detail="; ".join(f"{item['field']}: {item['message']}" for item in errors),
        errors=errors,
        errors_total=len(found),
    )


def _accepted(fault: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the rule would have accepted, as far as its name or its limits tell."""
    limits = {
        name: value if isinstance(value, int | str | bool) else str(value)
        for name, value in fault.get("ctx", {}).items()
        if name != "error"
    }
    rule = fault["type"]
    if limits or rule in {"missing", "extra_forbidden"}:
        return limits or {"present": rule == "missing"}
    kind, _, suffix = rule.rpartition("_")
    return {"type": kind} if suffix in {"type", "parsing"} else {}


async def on_http_error(_request: Request, error: Exception) -> JSONResponse:
    """Answer what the framework refuses: unknown path, wrong method, body too large."""
    assert isinstance(error, HTTPException)
    code, title = _FRAMEWORK.get(error.status_code, _MALFORMED)
    response = problem(error.status_code, code=code, title=title, detail=str(error.detail))
    response.headers.update(error.headers or {})
    return response


def database_is_away(error: Exception) -> bool:
    """Tell whether an error means that the database is away or overloaded, not a fault of ours."""
    if isinstance(error, PoolTimeout | OSError):
        return True
    if not isinstance(error, DBAPIError):
        return False
    state = getattr(error.orig, "sqlstate", None) or ""
    # Classes 08, 53, 57 and 40: connection, resources, intervention, serialisation; 55P03 lock.
    return error.connection_invalidated or state[:2] in {"08", "53", "57", "40"} or state == "55P03"


async def on_database_error(_request: Request, error: Exception) -> JSONResponse:
    """Answer a database that is away or overloaded with 503; re-raise what is our own fault."""
    if not database_is_away(error):
        raise error
    log.warning("database_away", error=repr(error)[:500])
    detail = "The database did not answer in time; retry with the same key to learn the truth."
    return of_domain(Busy(detail, retry_after_s=2))


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
