"""Keyset pages by id, newest first."""

from uuid import UUID

from app.platform.schema import decode_cursor, encode_cursor


def before(cursor: str | None) -> UUID | None:
    """Return the id that a page lies below."""
    return None if cursor is None else decode_cursor(cursor, UUID)[0]


def following(ids: list[UUID], limit: int) -> str | None:
    """Return the cursor of the next page, if one more row than asked for was found."""
    return encode_cursor(str(ids[limit - 1])) if len(ids) > limit else None
