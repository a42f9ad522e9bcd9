"""Signatures: anyone can check them, for ever, and nobody else can make them."""

import base64
import json
from typing import Any

import pytest
from cryptography.exceptions import InvalidTag
from joserfc import jws
from joserfc.jwk import OctKey, OKPKey
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.platform import signing
from app.platform.secrets import Box, derive
from app.platform.signing import SignatureInvalid, Signer, SigningKey, key_set, verify
from tests.platform.conftest import Small

PAYLOAD = {"bid": "0190", "金额": "12300000.00"}


def signer(secret: bytes = b"one secret") -> Signer:
    return Signer(Box(derive(secret, "at rest")))


async def test_signature_is_checked_with_the_published_set_alone(session: AsyncSession) -> None:
    # P22
    ours = signer()
    token = ours.sign(await ours.active_kid(session), PAYLOAD)
    keys = await key_set(session)
    assert verify(token, json.loads(json.dumps(keys))) == PAYLOAD
    # A stranger's library needs nothing of ours.
    [jwk] = keys["keys"]
    read = jws.deserialize_compact(token, OKPKey.import_key(dict(jwk)), algorithms=["Ed25519"])
    assert json.loads(read.payload) == PAYLOAD


async def test_published_keys_are_public_only(session: AsyncSession) -> None:
    kid = await signer().active_kid(session)
    [jwk] = (await key_set(session))["keys"]
    assert set(jwk) == {"kty", "crv", "x", "kid", "alg", "use"}
    assert (jwk["kid"], jwk["alg"], jwk["use"]) == (kid, "Ed25519", "sig")
    assert OKPKey.import_key(dict(jwk)).thumbprint() == kid


async def test_one_key_serves_until_it_is_rotated(session: AsyncSession) -> None:
    ours = signer()
    first = await ours.active_kid(session)
    assert await ours.active_kid(session) == await signer().active_kid(session) == first
    second = await ours.rotate(session)
    assert await signer().active_kid(session) == second != first


async def test_retired_key_still_verifies_and_signs_what_names_it(session: AsyncSession) -> None:
    # P22, P23
    before = signer()
    kid = await before.active_kid(session)
    token = before.sign(kid, PAYLOAD)
    await before.rotate(session)
    # Another process, later: the payload was stored with its key id, the signature was lost.
    after = signer()
    await after.load(session, kid)
    assert after.sign(kid, dict(reversed(PAYLOAD.items()))) == token
    keys = await key_set(session)
    assert [key["kid"] for key in keys["keys"]][1] == kid
    assert verify(token, keys) == PAYLOAD


def forgeries(token: str, jwk: dict[str, Any]) -> dict[str, str]:
    header, payload, signature = token.split(".")

    def b64(value: Any) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    kid = jwk["kid"]
    shared = OctKey.import_key(base64.urlsafe_b64decode(jwk["x"] + "=="))
    return {
        "payload": f"{header}.{b64({**PAYLOAD, 'bid': '0191'})}.{signature}",
        "signature": f"{header}.{payload}.{signature[:-4]}AAAA",
        "no algorithm": f"{b64({'alg': 'none', 'kid': kid})}.{payload}.",
        "unknown key": f"{b64({'alg': 'Ed25519', 'kid': 'x'})}.{payload}.{signature}",
        "no key": f"{b64({'alg': 'Ed25519'})}.{payload}.{signature}",
        "public key as a password": jws.serialize_compact(
            {"alg": "HS256", "kid": kid}, json.dumps(PAYLOAD).encode(), shared
        ),
        "not a token": "a.b",
        "empty": "",
    }


async def test_forgeries_do_not_verify(session: AsyncSession) -> None:
    ours = signer()
    token = ours.sign(await ours.active_kid(session), PAYLOAD)
    keys = await key_set(session)
    for name, forged in forgeries(token, keys["keys"][0]).items():
        with pytest.raises(SignatureInvalid):
            verify(forged, keys)
        assert forged != token, name


async def test_private_key_cannot_be_read_from_the_database(session: AsyncSession) -> None:
    # P24
    ours = signer()
    kid = await ours.active_kid(session)
    raw = ours._keys[kid][1].private_bytes_raw()
    row = (await session.execute(text("SELECT * FROM signing_keys"))).mappings().one()
    assert raw not in row["private_box"]
    stored = json.dumps({name: repr(value) for name, value in row.items()})
    assert raw.hex() not in stored
    assert base64.b64encode(raw).decode() not in stored
    with pytest.raises(InvalidTag):
        await signer(b"another secret").load(session, kid)


async def test_private_key_cannot_be_put_under_another_name(session: AsyncSession) -> None:
    ours = signer()
    first = await ours.active_kid(session)
    second = await ours.rotate(session)
    rows = {row.kid: row for row in await session.scalars(select(SigningKey))}
    rows[second].private_box = rows[first].private_box
    await session.flush()
    with pytest.raises(InvalidTag):
        await signer().load(session, second)


async def test_unknown_key_is_no_key(session: AsyncSession) -> None:
    with pytest.raises(KeyError):
        await signer().load(session, "unknown")


@pytest.mark.concurrency
async def test_processes_that_start_at_once_agree_on_verifiable_keys(small: Small) -> None:
    signers = [signer(), signer()]
    database = small.runtime.database
    async with database.transaction() as left, database.transaction() as right:
        kids = [await signers[0].active_kid(left), await signers[1].active_kid(right)]
    tokens = [each.sign(kid, PAYLOAD) for each, kid in zip(signers, kids, strict=True)]
    async with database.transaction() as session:
        keys = await signing.key_set(session)
        assert await signers[0].active_kid(session) == await signers[1].active_kid(session)
    assert [verify(token, keys) for token in tokens] == [PAYLOAD, PAYLOAD]
