"""What a conversion brought, year by year: who states it, and what the other side says."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from app.shared.calendar import SHANGHAI
from app.shared.errors import Conflict, NotFound, RuleBroken
from app.shared.ids import PartyId
from app.shared.money import Money


class OutcomeStatus(StrEnum):
    """What the other side says to stated figures."""

    STATED = "stated"  # nothing yet
    CONFIRMED = "confirmed"
    DISPUTED = "disputed"


class OutcomeUnfit(RuleBroken):
    """Figures of a year that is not over, or before the deal, or that say nothing."""

    code = "outcome_unfit"
    title_zh = "效益数据不符合要求"
    title_en = "The figures do not fit"


class OutcomeOfOther(Conflict):
    """Who stated a year's figures mends them; the other side confirms or disputes them."""

    code = "outcome_of_other"
    title_zh = "该年度数据由对方填报，请确认或提出异议"
    title_en = "The other side stated this year; confirm or dispute it"


class OutcomeUnknown(NotFound):
    """Nobody stated this year's figures, or not in this version."""

    code = "outcome_unknown"
    title_zh = "该年度数据尚未填报"
    title_en = "Nobody stated this year"


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeFigures:
    """What a year brought at the buyer's; ``None`` is what is not stated. Amounts in CNY.

    Attributes:
        output: New output value 新增产值.
        sales: 新增销售收入; exports are a part of them.
        jobs: Jobs that came with it 新增就业.
    """

    output: Money | None = None
    sales: Money | None = None
    profit: Money | None = None
    tax: Money | None = None
    exports: Money | None = None
    jobs: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A year's figures with who stated them and what the other side says.

    Attributes:
        version: 1 at first; each restatement waits for the other side anew.
        dispute: The other side's words, while it disputes.
    """

    year: int
    version: int
    party_id: PartyId
    figures: OutcomeFigures
    note: str | None
    stated_at: datetime
    status: OutcomeStatus = OutcomeStatus.STATED
    answered_at: datetime | None = None
    dispute: str | None = None


def state_outcome(
    present: Outcome | None,
    year: int,
    figures: OutcomeFigures,
    *,
    party_id: PartyId,
    note: str | None,
    first_year: int,
    now: datetime,
) -> Outcome:
    """Return a year's figures as stated; those of before go, with their confirmation.

    Args:
        first_year: Year of the deal, in Asia/Shanghai.

    Raises:
        OutcomeUnfit: The year is not over, lies before the deal, or nothing is stated.
        OutcomeOfOther: The other side stated this year.

    Invariants: ST244, ST245.
    """
    last_year = now.astimezone(SHANGHAI).year - 1
    if not first_year <= year <= last_year:
        raise OutcomeUnfit(
            "A year is reported when it is over.",
            field="year",
            rule="out_of_range",
            minimum=first_year,
            maximum=last_year,
        )
    if figures == OutcomeFigures():
        raise OutcomeUnfit("State one figure at least.", field="figures", rule="empty")
    if (
        figures.exports is not None
        and figures.sales is not None
        and figures.exports > figures.sales
    ):
        raise OutcomeUnfit(
            "Exports are a part of the sales.",
            field="exports",
            rule="beyond_sales",
            maximum=figures.sales,
        )
    if present is not None and present.party_id != party_id:
        raise OutcomeOfOther("Confirm or dispute it.", stated_by=present.party_id)
    return Outcome(
        year=year,
        version=1 if present is None else present.version + 1,
        party_id=party_id,
        figures=figures,
        note=note,
        stated_at=now,
    )


def answer_outcome(
    present: Outcome | None, *, version: int, party_id: PartyId, dispute: str | None, now: datetime
) -> Outcome:
    """Return a year's figures as the other side answers them; the last answer holds.

    Args:
        version: The one that it has seen.
        dispute: Why they are wrong; ``None`` confirms them.

    Raises:
        OutcomeUnknown: Nobody stated this year, or not in this version.
        OutcomeOfOther: Who stated them does not confirm them.

    Invariant: ST245.
    """
    if present is None or present.version != version:
        raise OutcomeUnknown(
            "Read the year's figures again.", version=None if present is None else present.version
        )
    if present.party_id == party_id:
        raise OutcomeOfOther("The other side answers this.", stated_by=party_id)
    status = OutcomeStatus.CONFIRMED if dispute is None else OutcomeStatus.DISPUTED
    return replace(present, status=status, answered_at=now, dispute=dispute)
