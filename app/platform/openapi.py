"""What the gate adds to each operation, told in the OpenAPI document."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from fastapi import FastAPI

from app.platform.access import KeyUse, Permission, Role
from app.platform.problems import MEDIA_TYPE
from app.platform.routing import SAFE

_PROBLEM: Final = {
    "type": "object",
    "title": "Problem",
    "description": "RFC 9457. Further members name the field and what would be accepted.",
    "required": ["type", "title", "status", "detail", "code"],
    "properties": {
        "type": {"type": "string", "examples": ["urn:zhepai:problem:bid_too_low"]},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string"},
        "request_id": {"type": ["string", "null"]},
        "field": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "field": {"type": "string"},
                    "rule": {"type": "string"},
                    "message": {"type": "string"},
                    "accepted": {"type": "object"},
                },
            },
        },
    },
}
_MEANING: Final = {
    400: "A rule of the trade forbids it",
    401: "No usable token",
    403: "The role, the party or the scope does not give it",
    404: "No such object in your market",
    409: "It contradicts the present state",
    413: "The body is too large",
    422: "The request is malformed",
    429: "Too many attempts",
    503: "Busy or away; retry with the same key, whose answer tells what was decided",
}
_KEY_HEADER: Final = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "Fresh for each intent, repeated on retries: one effect, one answer.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
}


def describe(app: FastAPI, permissions: Mapping[str, Permission]) -> Callable[[], dict[str, Any]]:
    """Return an ``app.openapi`` that tells scopes, keys and problems of every operation."""
    plain = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            schema = plain()
            scopes = {rule.scope: rule.scope for rule in permissions.values() if rule.scope}
            components = schema.setdefault("components", {})
            components.setdefault("schemas", {})["Problem"] = _PROBLEM
            components["securitySchemes"] = {
                "oauth2": {
                    "type": "oauth2",
                    "flows": {
                        "password": {
                            "tokenUrl": "/v1/oauth/token",
                            "refreshUrl": "/v1/oauth/token",
                            "scopes": scopes,
                        },
                        "clientCredentials": {"tokenUrl": "/v1/oauth/token", "scopes": scopes},
                    },
                }
            }
            for path in schema["paths"].values():
                for method, operation in path.items():
                    _describe(method, operation, permissions.get(operation["operationId"]))
            app.openapi_schema = schema
        return app.openapi_schema

    return openapi


def _describe(method: str, operation: dict[str, Any], rule: Permission | None) -> None:
    statuses = {422, 503} if rule is None else {400, 401, 403, 404, 422, 429, 503}
    if method.upper() not in SAFE:
        statuses.add(413)
    if rule is not None:
        statuses.add(409)
    for status in statuses:
        operation["responses"][str(status)] = {
            "description": _MEANING[status],
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
    if rule is None:
        return
    if rule.scope is not None:
        operation["security"] = [{"oauth2": [rule.scope]}]
        if Role.ANONYMOUS in rule.reach:
            operation["security"].append({})
    if rule.key is not KeyUse.NONE:
        header = {**_KEY_HEADER, "required": rule.key is KeyUse.REQUIRED}
        operation.setdefault("parameters", []).append(header)
