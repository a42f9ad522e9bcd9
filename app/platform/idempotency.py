"""Idempotency keys: a repeated request gets the first one's answer and has no second effect.

The key is claimed and the answer stored in the transaction that has the effect. A concurrent
repeat waits on the unique index until that transaction ends, so it can neither run beside it
nor overtake it.
"""

import hashlib
import hmac
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    DateTime,
    FetchedValue,
    LargeBinary,
    String,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from app.platform.db import Base, insert_rows
from app.shared.errors import Conflict


class KeyReused(Conflict):
    """The key was used for another request."""

    code = "idempotency_key_reused"
    title_zh = "幂等键已用于另一请求"
    title_en = "The idempotency key belongs to another request"


class IdempotencyAnswer(Base):
    """A claimed key and, once decided, its answer."""

    __tablename__ = "idempotency_answers"

    caller: Mapped[str] = mapped_column(String(60), primary_key=True)
    key: Mapped[str] = mapped_column(String(255), primary_key=True)
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary)
    status: Mapped[int | None]
    headers: Mapped[dict[str, str] | None] = mapped_column(JSONB)
    body: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=FetchedValue()
    )


@dataclass(frozen=True, slots=True)
class Answer:
    """A stored answer: status, headers worth repeating, body as sent."""

    status: int
    headers: dict[str, str]
    body: bytes


def fingerprint(print_key: bytes, method: str, path: str, query: str, body: bytes) -> bytes:
    """Return the HMAC-SHA256 that tells one request from another.

    Keyed, because it lies in the database: from a plain digest whoever reads a backup could
    guess a secret amount, trying one after the other.

    Args:
        print_key: `Runtime.print_key`.
    """
    head = f"{method} {path}?{query}\n".encode()
    return hmac.digest(print_key, head + body, hashlib.sha256)


async def claim(
    session: AsyncSession, *, caller: str, key: str, request_print: bytes
) -> Answer | None:
    """Claim the key for this transaction, or return the answer it already has.

    Raises:
        KeyReused: The key came with another request before.
    """
    claimed = await session.scalar(
        insert(IdempotencyAnswer)
        .values(caller=caller, key=key, fingerprint=request_print)
        .on_conflict_do_nothing()
        .returning(IdempotencyAnswer.key)
    )
    if claimed is not None:
        return None
    row = (
        await session.execute(
            select(
                IdempotencyAnswer.fingerprint,
                IdempotencyAnswer.status,
                IdempotencyAnswer.headers,
                IdempotencyAnswer.body,
            ).where(IdempotencyAnswer.caller == caller, IdempotencyAnswer.key == key)
        )
    ).one()
    return replay(row, request_print)


def replay(row: Any, request_print: bytes) -> Answer:
    """Return a stored row's answer.

    Raises:
        KeyReused: It answers another request.
    """
    if row.fingerprint != request_print:
        raise KeyReused("Use a fresh key for a different request.", field="Idempotency-Key")
    return Answer(row.status, row.headers, row.body)


async def store(session: AsyncSession, *, caller: str, key: str, answer: Answer) -> None:
    """Store the answer of a key claimed in this transaction."""
    await session.execute(
        update(IdempotencyAnswer)
        .where(IdempotencyAnswer.caller == caller, IdempotencyAnswer.key == key)
        .values(status=answer.status, headers=answer.headers, body=answer.body)
    )


_FIND_MANY = text("""
    SELECT caller, key, fingerprint, status, headers, body
    FROM unnest(CAST(:callers AS varchar[]), CAST(:keys AS varchar[])) AS asked (caller, key)
    JOIN idempotency_answers USING (caller, key)
""").columns(headers=JSONB)


async def find_many(
    session: AsyncSession, callers_keys: Collection[tuple[str, str]]
) -> dict[tuple[str, str], tuple[bytes, Answer]]:
    """Return fingerprint and answer of those keys that have one, by caller and key.

    Args:
        callers_keys: At least one.
    """
    callers, keys = zip(*sorted(callers_keys), strict=True)
    rows = await session.execute(_FIND_MANY, {"callers": callers, "keys": keys})
    return {
        (row.caller, row.key): (row.fingerprint, Answer(row.status, row.headers, row.body))
        for row in rows
    }


async def store_many(
    session: AsyncSession, answers: Mapping[tuple[str, str], tuple[bytes, Answer]]
) -> None:
    """Claim keys and store their answers at once.

    Sorted order keeps two callers from waiting for each other; a key that another transaction
    claimed meanwhile fails this one.

    Args:
        answers: Fingerprint and answer by caller and key.
    """
    if answers:
        rows = [
            {
                "caller": caller,
                "key": key,
                "fingerprint": request_print,
                "status": answer.status,
                "headers": answer.headers,
                "body": answer.body,
            }
            for (caller, key), (request_print, answer) in sorted(answers.items())
        ]
        await insert_rows(session, IdempotencyAnswer, rows)
