"""What the routes of filings take and answer."""

from datetime import date
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field

from app.platform.schema import Body, MoneyJson, PositiveMoney, Reason, View
from app.settlement.domain.filing import Decision, Filing, FilingStatus, Recognised
from app.settlement.domain.filing_differences import Difference
from app.settlement.domain.refusal_ground import GROUND_LABELS, RefusalGround
from app.settlement.domain.registration.report import Severity
from app.settlement.service.filing import Explained

Code = Annotated[str, Field(min_length=1, max_length=60, description="A name of /v1/codes")]
Number = Annotated[str, Field(max_length=40, examples=["2026330106000123"])]


class RegisteredBody(Body):
    """The office registered the contract: its number and what it recognised, in yuan."""

    status: Literal[FilingStatus.REGISTERED]
    decided_on: date
    registration_number: Number
    total_amount: PositiveMoney
    technology_amount: PositiveMoney
    contract_type: Code

    def to_domain(self) -> Decision:
        """Return the domain value."""
        recognised = Recognised(
            number=self.registration_number,
            total_amount=self.total_amount,
            technology_amount=self.technology_amount,
            contract_type=self.contract_type,
        )
        return Decision(status=self.status, decided_on=self.decided_on, recognised=recognised)


class RefusedBody(Body):
    """The office refused it: the ground, and its own words."""

    status: Literal[FilingStatus.REFUSED]
    decided_on: date
    ground: RefusalGround
    reason: Reason

    def to_domain(self) -> Decision:
        """Return the domain value."""
        return Decision(
            status=self.status, decided_on=self.decided_on, ground=self.ground, reason=self.reason
        )


class PendingBody(Body):
    """What was entered is taken back: it was an error."""

    status: Literal[FilingStatus.PENDING]
    reason: Reason

    def to_domain(self) -> Decision:
        """Return the domain value."""
        return Decision(status=self.status, reason=self.reason)


DecisionBody = Annotated[RegisteredBody | RefusedBody | PendingBody, Field(discriminator="status")]


class FiledView(View):
    """What the sheet said when the decision was first entered."""

    contract_version: int
    contract_type: str | None
    total_amount: MoneyJson | None
    technology_amount: MoneyJson | None
    equipment_amount: MoneyJson | None
    amount_known: bool | None
    mixed: bool | None


class RecognisedView(View):
    """What the office recognised."""

    number: str
    total_amount: MoneyJson
    technology_amount: MoneyJson
    contract_type: str


class GroundView(View):
    """Why the office likely differed: a rule of the linter where one looks for it."""

    rule: str | None
    message_zh: str
    message_en: str
    source: str | None


class DifferenceView(View):
    """A field that was recognised otherwise than filed."""

    field: str
    label_zh: str
    filed: MoneyJson | str | None
    recognised: MoneyJson | str
    change: MoneyJson | None
    ground: GroundView


class RefusedFindingView(View):
    """What the linter finds of it now."""

    severity: Severity
    field: str
    message_zh: str
    mend_zh: str


class RefusedRuleView(View):
    """A rule that looks for what was refused; nothing found: mended, or not seen by the rule."""

    rule: str
    title_zh: str
    title_en: str
    found: list[RefusedFindingView]


class FilingSummary(View):
    """A deal's way through the registration office, with what was recognised otherwise."""

    deal_id: UUID
    version: int
    status: FilingStatus
    decided_on: date | None
    recognised: RecognisedView | None
    ground: RefusalGround | None
    ground_zh: str | None
    reason: str | None
    filed: FiledView | None
    differences: list[DifferenceView]

    @classmethod
    def summary_of(cls, filing: Filing, found: tuple[Difference, ...], **more: object) -> Self:
        """Build the view."""
        decision = filing.decision
        return cls.model_validate(
            {
                "deal_id": filing.deal_id,
                "version": filing.version,
                "status": decision.status,
                "decided_on": decision.decided_on,
                "recognised": decision.recognised,
                "ground": decision.ground,
                "ground_zh": None if decision.ground is None else GROUND_LABELS[decision.ground],
                "reason": decision.reason,
                "filed": filing.filed,
                "differences": [DifferenceView.model_validate(item) for item in found],
                **more,
            }
        )


class FilingView(FilingSummary):
    """The same, with the linter's rules of what was refused."""

    refused_by: list[RefusedRuleView]

    @classmethod
    def of(cls, explained: Explained) -> Self:
        """Build the view."""
        return cls.summary_of(
            explained.filing, explained.differences, refused_by=list(explained.refused_by)
        )


class FilingItem(FilingSummary):
    """A filing in a list."""

    deal_number: str
