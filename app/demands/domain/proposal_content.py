"""What a proposal says 申报书, and its strict reading: it may come out of a seal unseen before."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from app.shared.jsonable import jsonable

TEXT_CHARS_MAX: Final = 20_000
LINE_CHARS_MAX: Final = 300
ITEMS_MAX: Final = 50
DIGITS_MAX: Final = 30
DECIMALS_MAX: Final = 12
_VALUE_CHARS_MAX: Final = 40
_SHA256_CHARS: Final = 64


class ContentMalformed(ValueError):
    """A JSON value is not a proposal's content; says where."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What is promised of one target.

    Attributes:
        target: Its place in the demand, from 1.
        value: The promised value, in the target's unit.
        deviation: Why the target is not met; ``None`` where it is.
    """

    target: int
    value: Decimal
    deviation: str | None


@dataclass(frozen=True, slots=True)
class OfferedMilestone:
    """When one of the demand's milestones is reached, and with what.

    Attributes:
        milestone: Its place in the demand, from 1.
        due_on: Day in Asia/Shanghai.
        deviation: Why it is later than the demand asks; ``None`` where it is not.
    """

    milestone: int
    due_on: date
    deliverable: str
    deviation: str | None


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file by its name and the hex SHA-256 of its bytes."""

    name: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalContent:
    """The text of a proposal.

    Attributes:
        route: Name of the technical way, by which a race tells proposals apart.
        price_deviation: Why the price lies outside the budget, if it does.
        ip_accepted: Whether the demand's ``ip_ownership`` is accepted.
        ip_statement: What is said of it; needed where it is not accepted.
    """

    route: str
    approach: str
    team: str
    schedule: str
    answers: tuple[Answer, ...]
    milestones: tuple[OfferedMilestone, ...]
    price_deviation: str | None
    ip_accepted: bool
    ip_statement: str | None
    attachments: tuple[Attachment, ...]


def content_to_json(content: ProposalContent) -> dict[str, Any]:
    """Return the form in which it is stored, sealed and sent."""
    told: dict[str, Any] = jsonable(content)
    return told


def content_from_json(data: object) -> ProposalContent:
    """Read a content strictly: nothing needed missing, nothing more, nothing endless.

    What a readable proposal may leave out, a sealed one may, too: the same text fits both.

    Raises:
        ContentMalformed: Names the place.

    Invariant: DM43.
    """
    told = _members(data, "", set(ProposalContent.__dataclass_fields__) - _SILENT.keys(), _SILENT)
    accepted = told["ip_accepted"]
    if not isinstance(accepted, bool):
        raise ContentMalformed("ip_accepted")
    return ProposalContent(
        route=_text(told["route"], "route", LINE_CHARS_MAX),
        approach=_text(told["approach"], "approach"),
        team=_text(told["team"], "team"),
        schedule=_text(told["schedule"], "schedule"),
        answers=tuple(_answer(item, i) for i, item in _items(told["answers"], "answers")),
        milestones=tuple(_milestone(item, i) for i, item in _items(told["milestones"], "mile")),
        price_deviation=_maybe(told["price_deviation"], "price_deviation"),
        ip_accepted=accepted,
        ip_statement=_maybe(told["ip_statement"], "ip_statement"),
        attachments=tuple(
            _attachment(item, i) for i, item in _items(told["attachments"], "attachments")
        ),
    )


# What it means to say nothing of it.
_SILENT: Final[Mapping[str, Any]] = {
    "price_deviation": None,
    "ip_statement": None,
    "attachments": [],
}
_NO_DEVIATION: Final[Mapping[str, Any]] = {"deviation": None}
_NONE: Final[Mapping[str, Any]] = {}


def _members(
    value: object, where: str, needed: set[str], silent: Mapping[str, Any] = _NONE
) -> Mapping[str, Any]:
    if not isinstance(value, dict) or not needed <= value.keys() <= needed | silent.keys():
        raise ContentMalformed(where or "document")
    return {**silent, **value}


def _items(value: object, where: str) -> Sequence[tuple[int, object]]:
    if not isinstance(value, list) or len(value) > ITEMS_MAX:
        raise ContentMalformed(where)
    return list(enumerate(value))


def _text(value: object, where: str, longest: int = TEXT_CHARS_MAX) -> str:
    if not isinstance(value, str) or len(value) > longest or "\x00" in value:
        raise ContentMalformed(where)
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ContentMalformed(where) from None
    return value


def _maybe(value: object, where: str) -> str | None:
    return None if value is None else _text(value, where)


def _place(value: object, where: str) -> int:
    if type(value) is not int or not 1 <= value <= ITEMS_MAX:
        raise ContentMalformed(where)
    return value


def _answer(value: object, index: int) -> Answer:
    where = f"answers.{index}"
    told = _members(value, where, {"target", "value"}, _NO_DEVIATION)
    number = _number(_text(told["value"], where, _VALUE_CHARS_MAX), where)
    return Answer(_place(told["target"], where), number, _maybe(told["deviation"], where))


def _number(text: str, where: str) -> Decimal:
    """Read a number no longer than what is stored and shown: a seal may hold any."""
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise ContentMalformed(where) from None
    _, digits, exponent = number.as_tuple()
    if not isinstance(exponent, int):  # infinite, or no number
        raise ContentMalformed(where)
    whole = max(len(digits) + exponent, 0)
    if -exponent > DECIMALS_MAX or whole > DIGITS_MAX - DECIMALS_MAX:
        raise ContentMalformed(where)
    return number


def _milestone(value: object, index: int) -> OfferedMilestone:
    where = f"milestones.{index}"
    told = _members(value, where, {"milestone", "due_on", "deliverable"}, _NO_DEVIATION)
    try:
        due_on = date.fromisoformat(_text(told["due_on"], where, 10))
    except ValueError:
        raise ContentMalformed(where) from None
    return OfferedMilestone(
        _place(told["milestone"], where),
        due_on,
        _text(told["deliverable"], where),
        _maybe(told["deviation"], where),
    )


def _attachment(value: object, index: int) -> Attachment:
    where = f"attachments.{index}"
    told = _members(value, where, {"name", "sha256"})
    sha256 = _text(told["sha256"], where, _SHA256_CHARS)
    if len(sha256) != _SHA256_CHARS or not set(sha256) <= set("0123456789abcdef"):
        raise ContentMalformed(where)
    return Attachment(_text(told["name"], where, LINE_CHARS_MAX), sha256)
