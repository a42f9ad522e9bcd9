"""Domain errors: a category says how the caller stands, a stable code says what happened.

A concrete error lives beside its raiser::

    class BidTooLow(RuleBroken):
        code = "bid_too_low"
        title_zh = "报价低于最低可接受价"
        title_en = "The bid is below the lowest acceptable amount"

    raise BidTooLow("The bid must reach the minimum.", field="amount", minimum=minimum)

``app/platform/problems.py`` maps the category to an HTTP status; the domain never names HTTP.
"""

from typing import ClassVar, Final

RESERVED: Final = frozenset({"type", "title", "status", "detail", "code", "request_id"})


class DomainError(Exception):
    """A refusal that the caller can understand and act on.

    Args:
        detail: One English sentence about this occurrence.
        fields: What would have been accepted; values that `jsonable` knows, no name of
            ``RESERVED``.
    """

    code: ClassVar[str]
    title_zh: ClassVar[str]
    title_en: ClassVar[str]

    def __init__(self, detail: str, **fields: object) -> None:
        super().__init__(detail)
        if not RESERVED.isdisjoint(fields):
            raise TypeError(f"a problem says {RESERVED & fields.keys()} itself")
        self.detail = detail
        self.fields = fields


class NotFound(DomainError):
    """The thing does not exist, or the caller may not know that it does."""


class Conflict(DomainError):
    """The request contradicts the present state; it may succeed later or in another form."""


class RuleBroken(DomainError):
    """The request is well formed but a rule of the trade forbids it."""


class Forbidden(DomainError):
    """The caller's role does not give this act."""


class Unauthenticated(DomainError):
    """The caller has not shown who it is."""


class TooMany(DomainError):
    """The caller asks too often; ``retry_after_s`` says when to come back."""


class Unavailable(DomainError):
    """A part is out of service; nothing was decided and ``retry_after_s`` says when to retry."""
