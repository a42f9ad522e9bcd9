"""OAuth2: the token route and its revocation.

Neither takes an idempotency key, because a stored answer would hold secrets.
"""

import base64
import binascii
from typing import Annotated
from urllib.parse import unquote_plus
from uuid import UUID

from fastapi import Form, Request, Response

from app.identity.domain.grants import GrantUnknown, ParameterMissing, TokenTypeUnsupported
from app.identity.schemas import TokenView
from app.identity.service import sign_in
from app.identity.service.sign_in import Grant
from app.platform.routing import self_transacted_router
from app.platform.runtime import Runtime, RuntimeDep
from app.platform.tokens import TokenInvalid
from app.shared.ids import ClientId, MembershipId

routes = self_transacted_router(tag="identity")

GRANT_TYPES = ("password", "refresh_token", "client_credentials")

Text = Annotated[str | None, Form(max_length=1000)]


def address_of(request: Request) -> str:
    """Return the caller's address; behind a reverse proxy uvicorn puts the real one there."""
    return request.client.host if request.client is not None else "unknown"


@routes.post("/oauth/token", response_model=TokenView)
async def issue_token(
    request: Request,
    runtime: RuntimeDep,
    grant_type: Text = None,
    username: Text = None,
    password: Text = None,
    membership_id: Text = None,
    refresh_token: Text = None,
    client_id: Text = None,
    client_secret: Text = None,
    scope: Text = None,
) -> TokenView:
    """Sign in: exchange a password, a refresh token or a client's secret for an access token.

    A form (RFC 6749). ``grant_type`` is ``password`` (with ``username``, ``password`` and, for
    a user with several memberships, ``membership_id``: the refusal lists the choices),
    ``refresh_token`` (with ``refresh_token``, good for one use) or ``client_credentials`` (with
    ``client_id`` and ``client_secret``, or both as HTTP Basic). ``scope`` narrows the token.
    Refusals carry OAuth's ``error`` beside our ``code``.
    """
    match grant_type:
        case "password":
            grant = await sign_in.with_password(
                runtime,
                username=_needed("username", username),
                password=_needed("password", password),
                membership_id=_membership(membership_id),
                scope=scope,
                address=address_of(request),
            )
        case "refresh_token":
            token = _needed("refresh_token", refresh_token)
            grant = await sign_in.with_refresh_token(runtime, token=token, scope=scope)
        case "client_credentials":
            name, secret = _basic(request) or (
                _needed("client_id", client_id),
                _needed("client_secret", client_secret),
            )
            grant = await sign_in.with_client_secret(
                runtime, client_id=_client(name), secret=secret, scope=scope
            )
        case _:
            raise GrantUnknown(
                "Send a form with one of the accepted grant types.",
                error="unsupported_grant_type" if grant_type else "invalid_request",
                field="grant_type",
                accepted=list(GRANT_TYPES),
            )
    return _view(runtime, grant)


@routes.post("/oauth/revoke", status_code=200, response_class=Response)
async def revoke_token(runtime: RuntimeDep, token: Text = None) -> Response:
    """Sign out: end a refresh token and all that descend from the same sign-in (RFC 7009).

    An unknown token is answered like a known one. Access tokens cannot be revoked, they end by
    themselves within minutes.
    """
    token = _needed("token", token)
    if _is_access_token(runtime, token):
        raise TokenTypeUnsupported(
            "Send the refresh token.", error="unsupported_token_type", field="token"
        )
    await sign_in.revoke(runtime, token)
    return Response()


def _view(runtime: Runtime, grant: Grant) -> TokenView:
    return TokenView(
        access_token=grant.access_token,
        expires_in=runtime.tokens.lifetime_s,
        scope=" ".join(sorted(grant.scopes)),
        refresh_token=grant.refresh_token,
        membership_id=grant.membership_id,
    )


def _needed(name: str, value: str | None) -> str:
    if not value:
        raise ParameterMissing("Send it in the form.", error="invalid_request", field=name)
    return value


def _membership(text: str | None) -> MembershipId | None:
    if not text:
        return None
    try:
        return MembershipId(UUID(text))
    except ValueError:
        # No membership has the nil id, so the user is told the rest after the password.
        return MembershipId(UUID(int=0))


def _client(text: str) -> ClientId | None:
    try:
        return ClientId(UUID(text))
    except ValueError:
        return None


def _basic(request: Request) -> tuple[str, str] | None:
    kind, _, encoded = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "basic":
        return None
    try:
        name, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return unquote_plus(name), unquote_plus(secret)


def _is_access_token(runtime: Runtime, token: str) -> bool:
    try:
        runtime.tokens.read(token)
    except TokenInvalid:
        return False
    return True
