"""What the routes of contract texts take and answer."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import AfterValidator, Field, StrictInt, StrictStr

from app.platform.schema import Body, Instant, Line, MoneyJson, UtcView, View, printable
from app.settlement.domain.clauses import TEXT_LENGTH_MAX, Clause, ParameterKind
from app.settlement.domain.contract_text import Difference
from app.settlement.domain.deal import Deal, Side
from app.settlement.domain.esignature import CertificateFacts
from app.settlement.domain.result_notice import ResultNotice
from app.settlement.domain.signing import (
    Capacity,
    Signatory,
    Signature,
    TextKind,
    TextVersion,
)
from app.settlement.service.signing import Statement
from app.shared.ids import FileId

Name = Annotated[str, Field(min_length=1, max_length=60), AfterValidator(printable)]
Words = Annotated[StrictStr, Field(max_length=TEXT_LENGTH_MAX), AfterValidator(printable)]
Blank = Words | StrictInt
Short = Annotated[str, Field(min_length=1, max_length=40), AfterValidator(printable)]
Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
Parameters = Annotated[dict[Name, dict[Name, Blank]], Field(max_length=60)]


class DraftBody(Body):
    """What the parties agreed for the clauses: ``{clause: {blank: value}}``.

    `GET /v1/contract-clauses?contract_type=` lists the clauses of a type with their blanks. What
    the deal, its contract and its price terms know is filled in and not sent.
    """

    parameters: Parameters = Field(
        default_factory=dict,
        examples=[{"acceptance": {"days": 30}, "risk": {"rule": "buyer_bears"}}],
    )


class OwnTextBody(Body):
    """The parties' own contract: an uploaded PDF or docx of the caller's party."""

    file_id: UUID


class SignatureView(View):
    """A side's signature: who, for whom, as what, when, under which hash."""

    side: Side
    party_id: UUID
    user: str
    signatory: str
    capacity: Capacity
    text_hash: str
    signed_at: UtcView
    provider: str
    authorisation_id: UUID | None
    signed_file_id: UUID | None
    evidence: dict[str, Any] | None
    naming_consent: bool


class TextSummary(View):
    """A version of a deal's text."""

    number: int
    kind: TextKind
    text_hash: str
    contract_version: int
    drafted_at: UtcView
    drafted_by: str
    file_id: UUID | None
    file_name: str | None
    signatures: list[SignatureView]

    @classmethod
    def of(cls, text: TextVersion, signatures: Sequence[Signature]) -> Self:
        """Build the view."""
        plain = {
            name: getattr(text, name) for name in TextSummary.model_fields if name != "signatures"
        }
        return cls(signatures=[SignatureView.model_validate(it) for it in signatures], **plain)


class TextView(TextSummary):
    """A version with its content.

    ``text`` is the model that ``text_hash`` is the SHA-256 of, in RFC 8785 form; null for an
    uploaded one. ``signable``: it is the last one, and nothing that it says has changed since.
    """

    text: dict[str, Any] | None
    parameters: dict[str, Any]
    signable: bool

    @classmethod
    def whole(cls, text: TextVersion, signatures: Sequence[Signature], *, signable: bool) -> Self:
        """Build the view."""
        return cls(
            text=None if text.model is None else dict(text.model),
            parameters=dict(text.parameters),
            signable=signable,
            **TextSummary.of(text, signatures).model_dump(),
        )


class DifferenceView(View):
    """A part of the text that changed: a clause's code, or ``party.buyer`` and the like."""

    part: str
    title: str
    before: list[str]
    after: list[str]


class DifferencesView(View):
    """What changed from one version to another, by clause."""

    earlier: int
    later: int
    changes: list[DifferenceView]

    @classmethod
    def of(cls, earlier: int, later: int, changes: Sequence[Difference]) -> Self:
        """Build the view."""
        shown = [DifferenceView.model_validate(change) for change in changes]
        return cls(earlier=earlier, later=later, changes=shown)


class SignTextBody(Body):
    """A side's statement that it signs the text with this hash.

    ``signatory`` is the legal representative on record, the person itself, or whom the document
    ``authorisation_file_id`` authorises. ``naming_consent``: the buyer lets the result notice
    name it.
    """

    text_hash: Sha256
    signatory: Line
    capacity: Capacity
    authorisation_file_id: UUID | None = None
    naming_consent: bool = False

    def plain(self) -> Statement:
        """Return the service's value."""
        file_id = self.authorisation_file_id
        return Statement(
            text_hash=self.text_hash,
            signatory=Signatory(
                name=self.signatory,
                capacity=self.capacity,
                authorisation_id=None if file_id is None else FileId(file_id),
            ),
            naming_consent=self.naming_consent,
        )


class CertificateBody(Body):
    """What the signature's certificate says, as the provider reports it."""

    provider: Short
    issuer: Line
    subject: Line
    serial_number: Line
    valid_from: Instant
    valid_to: Instant
    signed_at: Instant

    def plain(self) -> CertificateFacts:
        """Return the domain value."""
        return CertificateFacts(**{name: getattr(self, name) for name in type(self).model_fields})


class SignedFileBody(SignTextBody):
    """The same, with the PDF that an e-signature provider signed."""

    signed_file_id: UUID
    certificate: CertificateBody


class SigningView(View):
    """A text's signatures and what became of the deal by them."""

    number: int
    signatures: list[SignatureView]
    deal_signed_at: UtcView | None
    effective_at: UtcView | None

    @classmethod
    def of(cls, deal: Deal, text: TextVersion, signatures: Sequence[Signature]) -> Self:
        """Build the view."""
        return cls(
            number=text.number,
            signatures=[SignatureView.model_validate(it) for it in signatures],
            deal_signed_at=deal.signed_at,
            effective_at=deal.effective_at,
        )


class BlankView(View):
    """One blank of a clause; ``from_fact`` and ``default`` fill it if nothing is sent."""

    name: str
    kind: ParameterKind
    label_zh: str
    label_en: str
    unit: str | None
    minimum: int | None
    maximum: int | None
    values: dict[str, str] | None
    from_fact: str | None
    default: str | int | None
    field: str | None
    only_with: dict[str, str] | None


class ClauseView(View):
    """A mandatory clause with its source, its blanks and its wording."""

    code: str
    title_zh: str
    title_en: str
    source: str
    parameters: list[BlankView]
    text: list[str]


class ClausesView(View):
    """The clauses that a type of contract must have, in the text's order."""

    version: str
    source: str
    contract_type: str
    clauses: list[ClauseView]

    @classmethod
    def of(
        cls, contract_type: str, clauses: Sequence[Clause], *, version: str, source: str
    ) -> Self:
        """Build the view."""
        shown = [ClauseView.model_validate(clause) for clause in clauses]
        return cls(version=version, source=source, contract_type=contract_type, clauses=shown)


class ResultNoticeView(View):
    """The published result of a public seller's deal.

    ``buyer_name`` is null where the buyer neither consented nor was named by the listing's own
    notice. ``ends_at`` null: the working days of its end are not announced yet.
    """

    deal_number: str
    listing_number: str
    listing_id: UUID
    market_id: UUID
    title: str
    seller_name: str
    buyer_name: str | None
    pricing_mode: str
    conversion_mode: str
    contract_type: str | None
    start: MoneyJson
    price: MoneyJson
    premium_rate: str
    confirmed_at: datetime
    signed_at: datetime
    content_hash: str
    published_at: UtcView
    ends_at: UtcView | None

    @classmethod
    def of(cls, notice: ResultNotice) -> Self:
        """Build the view."""
        content: Mapping[str, Any] = notice.content
        return cls(
            market_id=notice.market_id,
            content_hash=notice.content_hash,
            published_at=notice.published_at,
            ends_at=notice.ends_at,
            **content,
        )
