"""What the lint routes take and answer. The fields of a record are those of the mapping."""

from typing import Annotated, Any, Final, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field, PositiveInt, create_model

from app.platform.schema import Body, MoneyJson, View, printable
from app.settlement.domain.registration.linter import RULES
from app.settlement.domain.registration.mapping import FormField, mapping
from app.settlement.domain.registration.report import Section, Severity
from app.settlement.schemas.deals import FindingView
from app.settlement.service.linting import LintedFile

RECORDS_MAX: Final = 100
_LIST_MAX: Final = 100
_NAMES: Final = {"code": "code table", "region": "code table", "industry": "code table"}

Text = Annotated[str, Field(max_length=20_000), AfterValidator(printable)]
_TYPES: Final[dict[str, Any]] = {
    "money": MoneyJson | Text,
    "yes_no": bool | Text,
    "count": int | Text,
    "list": Annotated[list[Text], Field(max_length=_LIST_MAX)] | Text,
}
_FORMS: Final = {
    "money": "in yuan unless its currency is told; as text: 650000.00 or 65万元",
    "day": "a day, as 2026-11-26",
    "region": "GB/T 2260, six digits",
    "industry": "GB/T 4754: a name of /v1/codes/industry or a code such as C3512",
    "list": "a list, or a text divided by semicolons",
}


def _told(field: FormField) -> tuple[Any, Any]:
    described = [f"{field.label_zh}: {field.label_en}"]
    if field.kind in {"code", "word"}:
        described.append(f"of the table {field.table}, or its Chinese word")
    elif field.kind in _FORMS:
        described.append(_FORMS[field.kind])
    kind = _TYPES.get(field.kind, Text)
    return kind | None, Field(default=None, description="; ".join(described))


_Fields: type[BaseModel] = create_model(
    "_Fields",
    __base__=Body,
    **{field.name: _told(field) for field in mapping().fields},  # type: ignore[call-overload]
)


class ContractRecordBody(_Fields):
    """A contract as people write it: everything may be left out, nothing is guessed.

    Words of the code tables are taken in Chinese or English, days and amounts as texts.
    """

    pages: dict[Section, PositiveInt] | None = Field(
        default=None, description="Page of the contract on which a section begins"
    )

    def plain(self) -> dict[str, Any]:
        """Return what was told."""
        return self.model_dump(exclude_none=True)


class ContractRecordsBody(Body):
    """Up to a hundred contracts."""

    records: list[ContractRecordBody] = Field(min_length=1, max_length=RECORDS_MAX)


class ContractTableBody(Body):
    """An uploaded table of contracts, CSV or XLSX, one row a contract."""

    file_id: UUID


class ContractLintView(View):
    """One contract and what was found."""

    place: int = Field(description="Row of the table, or place in the list from 1")
    number: str | None
    project_name: str | None
    ready: bool = Field(description="No finding is an error")
    findings: list[FindingView]


class LintView(View):
    """What was found in each contract; nothing of it is kept."""

    mapping_version: str
    rules: int = Field(description="How many rules were judged")
    ready: bool
    unused: list[str] = Field(description="Headers of the table that no field has")
    contracts: list[ContractLintView]

    @classmethod
    def of(cls, linted: LintedFile) -> Self:
        """Build the view."""
        return cls.model_validate(linted.told())


class LintRuleView(View):
    """One rule: what it demands, how heavy a breach is, and where it comes from."""

    id: str
    severity: Severity
    section: Section = Field(description="Where in the contract it usually looks")
    source: str
    title_zh: str
    title_en: str


class LintRulesView(View):
    """All rules, in the order in which they are judged."""

    mapping_version: str
    rules: list[LintRuleView]

    @classmethod
    def all(cls) -> Self:
        """Build the view."""
        return cls.model_validate({"mapping_version": mapping().version, "rules": RULES})
