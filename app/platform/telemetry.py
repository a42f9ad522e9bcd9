"""Logs, metrics and the one middleware: request id, access line, security headers, size."""

import logging
import os
import re
import sys
import time
from collections.abc import Mapping
from typing import Any, Final

import structlog
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.tracebacks import ExceptionDictTransformer

from app.platform.problems import on_crash
from app.shared.ids import new_id

REQUESTS = Counter("zhepai_requests_total", "Answered requests", ["route", "status"])
REQUEST_SECONDS = Histogram("zhepai_request_seconds", "Time to the answer's head", ["route"])
BIDS = Counter("zhepai_bids_total", "Answered bids", ["outcome"])
BID_BATCH = Histogram(
    "zhepai_bid_batch_size", "Bids in one transaction", buckets=(1, 2, 4, 8, 16, 32, 64, 128)
)

log = structlog.get_logger("access")

_REQUEST_ID: Final = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_SECURITY: Final = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}
# Swagger's page starts itself with one inline script; nothing else may run any.
_CSP: Final = "default-src 'none'; frame-ancestors 'none'"
_CSP_DOCS: Final = (
    "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; frame-ancestors 'none'"
)


def configure_logging(level: str) -> None:
    """Write JSON lines to standard output, Chinese text readable as it is."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            # Without the frames' local variables: they hold tokens and passwords.
            structlog.processors.ExceptionRenderer(ExceptionDictTransformer(show_locals=False)),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=structlog.PrintLoggerFactory(sys.stdout),
        cache_logger_on_first_use=True,
    )
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logging.getLogger(name).handlers.clear()
    logging.getLogger("uvicorn.access").disabled = True
    logging.getLogger().handlers = [_Bridge(logging.WARNING)]


class _Bridge(logging.Handler):
    """Passes what libraries log on, so that every line of the output is JSON."""

    def emit(self, record: logging.LogRecord) -> None:
        """Log one record."""
        structlog.get_logger().log(
            record.levelno, record.getMessage(), logger=record.name, exc_info=record.exc_info
        )


def metrics_text(alarms: Mapping[str, int]) -> tuple[bytes, str]:
    """Return the metrics of all processes of this host, and their content type.

    Args:
        alarms: Gauges read from the database, by name.
    """
    gauges = CollectorRegistry()
    for name, value in alarms.items():
        Gauge(name, "Waits for a person: an alarm", registry=gauges).set(value)
    counted: CollectorRegistry = REGISTRY
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        counted = CollectorRegistry()
        MultiProcessCollector(counted)  # type: ignore[no-untyped-call]
    return generate_latest(counted) + generate_latest(gauges), CONTENT_TYPE_LATEST


class RequestContext:
    """ASGI middleware around every request.

    A client's own ``X-Request-Id`` is kept when it is 1–64 letters, digits, ``._-``.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        sent = dict(scope["headers"]).get(b"x-request-id", b"")
        request_id = sent.decode() if _REQUEST_ID.fullmatch(sent) else str(new_id())
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        started = time.perf_counter()
        docs = scope["path"] in {"/docs", "/redoc"}
        answered = False

        async def send_head(message: Message) -> None:
            nonlocal answered
            if message["type"] == "http.response.start":
                answered = True
                headers = MutableHeaders(scope=message)
                headers["X-Request-Id"] = request_id
                for name, value in _SECURITY.items():
                    headers.setdefault(name, value)
                headers.setdefault("Content-Security-Policy", _CSP_DOCS if docs else _CSP)
                _observe(scope, message["status"], time.perf_counter() - started)
            await send(message)

        try:
            await self._app(scope, receive, send_head)
        except Exception as crash:
            # Answered here, or it would leave without id, headers and a place in the metrics.
            if not answered:
                response = await on_crash(Request(scope), crash)
                await response(scope, receive, send_head)
            raise


def _observe(scope: Scope, status: int, elapsed_s: float) -> None:
    route: Any = scope.get("route")
    name = getattr(route, "name", None) or "none"
    REQUESTS.labels(name, status).inc()
    REQUEST_SECONDS.labels(name).observe(elapsed_s)
    log.info(
        "request",
        method=scope["method"],
        route=name,
        path=scope["path"],
        status=status,
        elapsed_ms=round(elapsed_s * 1000, 2),
    )
