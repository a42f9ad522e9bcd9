"""A valuation 估值: its subject, its document, its states."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from app.shared.calendar import SHANGHAI
from app.shared.errors import Conflict, Forbidden, RuleBroken
from app.shared.findings import Findings
from app.shared.ids import AchievementId, MarketId, PartyId, ValuationId
from app.shared.jsonable import jsonable
from app.shared.money import Money
from app.valuations.domain.methods import METHODS, MethodKind, check_inputs
from app.valuations.domain.reconciliation import WEIGHTS_SUM_BP, check_base_price

TYPE: Final = "zhepai.valuation"
FORMAT: Final = 1
DRAWS_MIN, DRAWS_MAX = 1_000, 100_000
SEED_MAX: Final = 2**32 - 1
# Source: 《资产评估执业准则——资产评估报告》: usually usable for a year from the day of valuation.
VALID_MAX: Final = timedelta(days=366)


class ValuationStatus(StrEnum):
    """Where a valuation stands."""

    DRAFT = "draft"
    SIGNED = "signed"
    SUPERSEDED = "superseded"  # its author signed a newer one of the same result
    REVOKED = "revoked"


class ValuationTrigger(StrEnum):
    """What moves a valuation."""

    REPLACE = "replace"
    SIGN = "sign"
    SUPERSEDE = "supersede"
    REVOKE = "revoke"


_S = ValuationStatus
_T = ValuationTrigger

VALUATION_TRANSITIONS: Final[Mapping[tuple[ValuationStatus, ValuationTrigger], ValuationStatus]] = {
    (_S.DRAFT, _T.REPLACE): _S.DRAFT,
    (_S.DRAFT, _T.SIGN): _S.SIGNED,
    (_S.SIGNED, _T.SUPERSEDE): _S.SUPERSEDED,
    (_S.SIGNED, _T.REVOKE): _S.REVOKED,
    (_S.SUPERSEDED, _T.REVOKE): _S.REVOKED,
}


class ValuationInvalid(RuleBroken):
    """A valuation's inputs break rules; names all of them."""

    code = "valuation_invalid"
    title_zh = "估值参数不符合要求"
    title_en = "The inputs of the valuation do not fit"


class ValuationAuthorOnly(Forbidden):
    """Somebody else made this valuation."""

    code = "valuation_author_only"
    title_zh = "只有估值出具人可以执行此操作"
    title_en = "Only the valuation's author does this"


class ValuationOutdated(Conflict):
    """The draft was changed since it was read."""

    code = "valuation_outdated"
    title_zh = "估值草稿已被修改,请重新读取"
    title_en = "The draft has changed since it was read"


class ValuationVersionMissing(RuleBroken):
    """Who changes or signs a draft says which one."""

    code = "valuation_version_missing"
    title_zh = "请用 If-Match 指明所读取的草稿版本"
    title_en = "Name the draft that was read in If-Match"


class ValuationUnsigned(Conflict):
    """There is no report before it is signed."""

    code = "valuation_unsigned"
    title_zh = "估值尚未签署"
    title_en = "The valuation is not signed yet"


class ValuationExpired(RuleBroken):
    """It would be signed after the last day on which it may be used."""

    code = "valuation_expired"
    title_zh = "估值已超过有效期"
    title_en = "The valuation is past its last day"


@dataclass(frozen=True, slots=True, kw_only=True)
class ValuationSubject:
    """What is valued, frozen when the valuation is made.

    Attributes:
        content_hash: SHA-256 of the result's content in canonical form.
        conversion_modes: What the owner offers: transfer, licences, investment.
    """

    achievement_id: AchievementId
    market_id: MarketId
    owner_id: PartyId
    title: str
    technology_field: str
    content_version: int
    content_hash: str
    conversion_modes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Valuation:
    """A valuation.

    Attributes:
        author_id: The party that answers for it.
        version: Counts the drafts; 1 for the first.
        document: Inputs and assumptions as JSON; ``None`` until the author gives them.
        results: What the methods gave for it, as JSON; see `compute`.
    """

    id: ValuationId
    subject: ValuationSubject
    author_id: PartyId
    author: str
    status: ValuationStatus
    version: int
    purpose: str
    document: Mapping[str, Any] | None
    results: Mapping[str, Any] | None
    drafted_at: datetime
    signed_at: datetime | None = None
    ended_at: datetime | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedValuation:
    """A signed valuation: exactly what was signed, with key and signature."""

    valuation_id: ValuationId
    content: Mapping[str, Any]
    content_hash: str
    kid: str
    jws: str
    signed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class BasePrice:
    """The price that a person chooses after seeing the range, and why.

    Attributes:
        outside_reason: Needed where it lies outside the reconciled range.
    """

    price: Money
    reason: str
    outside_reason: str | None = None


def etag(version: int) -> str:
    """Return the entity tag of a draft."""
    return f'"{version}"'


def check_seen(seen: str | None, valuation: Valuation) -> None:
    """Refuse to change or sign a draft that the author has not read.

    Raises:
        ValuationVersionMissing: There is no `If-Match`.
        ValuationOutdated: The draft changed since.
    """
    present = etag(valuation.version)
    if seen is None:
        raise ValuationVersionMissing(
            "Send the draft's ETag as If-Match.", field="If-Match", present=present
        )
    if seen != present:
        raise ValuationOutdated("Read the draft again.", field="If-Match", present=present)


def signed_content(
    valuation: Valuation, base_price: BasePrice, names: Mapping[str, str], *, now: datetime
) -> dict[str, Any]:
    """Return everything that is signed, as JSON: inputs, seed, results, methods' versions, price.

    Args:
        valuation: With document and results.
        names: Of ``exchange``, ``owner`` and ``author``, as on the day of signing.

    Raises:
        ValuationUnsigned: There are no inputs to sign yet.
        ValuationExpired: Its last day has passed.
        ValuationInvalid: The price lies outside the range, unexplained.

    Invariant: VA14, VA15.
    """
    if valuation.document is None or valuation.results is None:
        raise ValuationUnsigned("Give its methods and inputs first.")
    last = date.fromisoformat(valuation.document["valid_until"])
    if now.astimezone(SHANGHAI).date() > last:
        raise ValuationExpired("Value it again as of a later day.", valid_until=last)
    low, high = (
        Money.parse(told["amount"], told["currency"])
        for told in (valuation.results["reconciliation"][name] for name in ("low", "high"))
    )
    findings = Findings()
    check_base_price(
        base_price.price, base_price.outside_reason, low=low, high=high, findings=findings
    )
    refuse(findings)
    content: dict[str, Any] = jsonable(
        {
            "type": TYPE,
            "format": FORMAT,
            "valuation_id": valuation.id,
            "market_id": valuation.subject.market_id,
            "version": valuation.version,
            "names": names,
            "author_id": valuation.author_id,
            "subject": valuation.subject,
            "purpose": valuation.purpose,
            "document": valuation.document,
            "results": valuation.results,
            "base_price": base_price,
            "outside_range": not low <= base_price.price <= high,
            "drafted_at": valuation.drafted_at,
            "signed_at": now,
        }
    )
    return content


def check_document(document: Mapping[str, Any]) -> None:
    """Refuse a document whose inputs cannot be valued.

    Raises:
        ValuationInvalid: Names every fault.
    """
    findings = Findings()
    _check_dates(document, findings)
    methods = document["methods"]
    findings.unique("methods", [item["code"] for item in methods])
    weights = [item["weight_bp"] for item in methods]
    findings.require(
        sum(weights) == WEIGHTS_SUM_BP,
        "methods",
        rule="weights",
        message="The methods' weights sum to 10,000 basis points.",
        sum_bp=WEIGHTS_SUM_BP,
    )
    for index, item in enumerate(methods):
        where = f"methods.{index}.inputs"
        method = METHODS[MethodKind(item["kind"])]
        before = len(findings.errors)
        check_inputs(method, item["inputs"], where, findings)
        if len(findings.errors) == before:
            _check_term(document, method.years(item["inputs"]), where, findings)
    refuse(findings)


def refuse(findings: Findings) -> None:
    """Raise what was found, if anything.

    Raises:
        ValuationInvalid: Names every fault.
    """
    if findings.errors:
        raise ValuationInvalid(findings.summary(), errors=findings.errors)


def _check_dates(document: Mapping[str, Any], findings: Findings) -> None:
    day = date.fromisoformat(document["valuation_date"])
    last = date.fromisoformat(document["valid_until"])
    findings.require(
        day <= last <= day + VALID_MAX,
        "valid_until",
        rule="validity",
        message="A valuation is used for a year from its day at most.",
        earliest=day,
        latest=day + VALID_MAX,
    )
    if document.get("right_ends_on") is not None:
        findings.require(
            date.fromisoformat(document["right_ends_on"]) > day,
            "right_ends_on",
            rule="right_ended",
            message="The right has ended by the day of valuation.",
        )


def _check_term(document: Mapping[str, Any], years: int, where: str, findings: Findings) -> None:
    """Note income beyond the right's term; a year that has begun counts as one.

    Source: 《专利资产评估指导意见》: the term of protection bounds the years of income.
    """
    if document.get("right_ends_on") is None:
        return
    day = date.fromisoformat(document["valuation_date"])
    left = (date.fromisoformat(document["right_ends_on"]) - day).days
    most = -(-left * 4 // 1461)
    findings.require(
        years <= max(most, 0),
        where,
        rule="right_term",
        message="The right ends before the last year of income.",
        years_max=most,
    )
