"""What the route of tax hints answers."""

from typing import Self
from uuid import UUID

from pydantic import Field

from app.platform.schema import MoneyJson, View
from app.settlement.domain.tax_hint import TaxHint


class TaxItemView(View):
    """A deal in the hint: counted, left out, or unknown in a way that blocks the sums."""

    deal_id: UUID
    number: str
    received: MoneyJson
    counted: MoneyJson | None
    rule: str | None
    message_zh: str | None
    message_en: str | None
    blocks: bool


class TaxConditionView(View):
    """What only a person can check."""

    zh: str
    en: str
    source: str


class TaxHintView(View):
    """A hint and no advice: what a seller's year may come under, with sources and conditions."""

    year: int
    version: str = Field(description="Of the rules' data")
    source: str
    types_source: str
    exempt_up_to: MoneyJson
    excess_taxed_bp: int
    blocked: bool = Field(description="Something unknown keeps the sums from being told")
    income: MoneyJson | None = Field(description="Receipts, not profit: an upper bound")
    exempt: MoneyJson | None
    halved: MoneyJson | None
    items: list[TaxItemView]
    conditions: list[TaxConditionView]
    vat: TaxConditionView = Field(description="To be checked; never computed")

    @classmethod
    def of(cls, found: TaxHint) -> Self:
        """Build the view."""
        relief = found.relief
        return cls.model_validate(
            {
                "year": found.year,
                "version": relief.version,
                "source": relief.source,
                "types_source": relief.types_source,
                "exempt_up_to": relief.exempt_up_to,
                "excess_taxed_bp": relief.excess_taxed_bp,
                "blocked": found.blocked,
                "income": found.income,
                "exempt": found.exempt,
                "halved": found.halved,
                "items": list(found.items),
                "conditions": list(relief.conditions),
                "vat": relief.vat,
            }
        )
