"""Types that request and response models share."""

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Query
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    PlainSerializer,
)
from pydantic_core import core_schema

from app.platform.feed import CursorInvalid
from app.shared.money import MINOR_DIGITS, Money

Item = TypeVar("Item")


class Body(BaseModel):
    """A request body: unknown fields are refused, so a misspelt one is never ignored."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class View(BaseModel):
    """A response body, read from attributes of frozen values."""

    model_config = ConfigDict(from_attributes=True)


class _MoneySchema:
    """Money as ``{"amount": "12300000.00", "currency": "CNY"}`` on the wire."""

    @classmethod
    def __get_pydantic_core_schema__(
        cls, _source: Any, _handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        wire = core_schema.typed_dict_schema(
            {
                "amount": core_schema.typed_dict_field(core_schema.str_schema(strict=True)),
                "currency": core_schema.typed_dict_field(
                    core_schema.literal_schema(list(MINOR_DIGITS))
                ),
            },
            extra_behavior="forbid",
        )
        parse = core_schema.no_info_after_validator_function(
            lambda value: Money.parse(value["amount"], value["currency"]), wire
        )
        return core_schema.json_or_python_schema(
            json_schema=parse,
            python_schema=core_schema.union_schema([core_schema.is_instance_schema(Money), parse]),
            serialization=core_schema.plain_serializer_function_ser_schema(Money.as_json),
        )

    @classmethod
    def __get_pydantic_json_schema__(
        cls, _schema: core_schema.CoreSchema, _handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {
            "type": "object",
            "title": "Money",
            "additionalProperties": False,
            "required": ["amount", "currency"],
            "properties": {
                "amount": {
                    "type": "string",
                    "pattern": r"^-?\d{1,15}(\.\d{1,2})?$",
                    "examples": ["12300000.00"],
                },
                "currency": {"type": "string", "enum": list(MINOR_DIGITS)},
            },
        }


def _positive(money: Money) -> Money:
    if money.amount_minor <= 0:
        raise ValueError("the amount must be greater than zero")
    return money


MoneyJson = Annotated[Money, _MoneySchema]
PositiveMoney = Annotated[Money, _MoneySchema, AfterValidator(_positive)]


def _utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("the moment is outside the years 1 to 9999 in UTC") from None


Instant = Annotated[
    AwareDatetime,
    AfterValidator(_utc),
    Field(description="RFC 3339 with offset, e.g. 2026-03-02T09:00:00+08:00"),
]
UtcView = Annotated[
    datetime, PlainSerializer(lambda moment: moment.astimezone(UTC).isoformat(), return_type=str)
]


_UNSHOWN = "\x7f\ufffe\uffff"


def printable(text: str) -> str:
    """Return the text if it can be shown and stored, for validators of text fields."""
    # PostgreSQL text holds neither NUL nor lone surrogates.
    # XML, and so docx and xlsx, hold no U+FFFE and U+FFFF either.
    if any((ord(char) < 32 and char not in "\n\t") or char in _UNSHOWN for char in text):
        raise ValueError("control characters are not accepted")
    text.encode()
    return text


Line = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(printable)]
Paragraph = Annotated[str, Field(min_length=1, max_length=10_000), AfterValidator(printable)]
Reason = Annotated[str, Field(min_length=2, max_length=2_000), AfterValidator(printable)]

_CURSOR_LENGTH_MAX = 500  # deep nesting would exhaust the parser's stack
_BIGINT_MAX = 2**63 - 1

Limit = Annotated[int, Query(ge=1, le=200, description="Rows a page")]


class Page(BaseModel, Generic[Item]):
    """One page of a list; pass ``next`` back as ``cursor`` until it is null."""

    items: list[Item]
    next: str | None


def encode_cursor(*keys: str | int) -> str:
    """Return the opaque form of a keyset place."""
    return base64.urlsafe_b64encode(json.dumps(keys).encode()).rstrip(b"=").decode()


def decode_cursor(cursor: str, *kinds: Callable[[Any], Any]) -> tuple[Any, ...]:
    """Return the keys of an opaque cursor.

    Args:
        kinds: Callables that read each key, e.g. ``UUID``.

    Raises:
        CursorInvalid: Not one that this list gave.
    """
    refused = CursorInvalid("Pass back 'next' as it came.", field="cursor")
    if len(cursor) > _CURSOR_LENGTH_MAX:
        raise refused
    try:
        keys = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        read = tuple(kind(key) for kind, key in zip(kinds, keys, strict=True))
    except (ValueError, TypeError, AttributeError, OverflowError) as failure:
        raise refused from failure
    if any(isinstance(key, int) and abs(key) > _BIGINT_MAX for key in read):
        raise refused
    return read
