"""What the linter says: findings, and what is left to a person."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Severity(StrEnum):
    """How a finding bears on the filing."""

    ERROR = "error"  # the office sends it back
    WARNING = "warning"  # likely to be asked about, or a relief is at stake
    HINT = "hint"  # nothing is wrong; something follows from it


class Section(StrEnum):
    """Where in the contract a finding is mended; ``FORM`` is the form's own page."""

    COVER = "cover"
    PARTIES = "parties"
    SUBJECT = "subject"
    OBLIGATIONS = "obligations"
    PRICE = "price"
    TERM = "term"
    RIGHTS = "rights"
    ANNEXES = "annexes"
    SIGNATURE = "signature"
    FORM = "form"


SEVERITY_LABELS: Final = {
    Severity.ERROR: "须改正",
    Severity.WARNING: "请核对",
    Severity.HINT: "提示",
}
SECTION_LABELS: Final = {
    Section.COVER: "封面",
    Section.PARTIES: "当事人信息",
    Section.SUBJECT: "标的内容条款",
    Section.OBLIGATIONS: "权利义务条款",
    Section.PRICE: "价款与支付条款",
    Section.TERM: "履行期限条款",
    Section.RIGHTS: "知识产权条款",
    Section.ANNEXES: "附件与证明材料",
    Section.SIGNATURE: "签章页",
    Section.FORM: "登记表",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that a rule found.

    Attributes:
        rule: Stable name of the rule.
        field: The field to mend; a party's begins with ``seller_`` or ``buyer_``.
        section: Where in the contract it is mended.
        page: The page of the contract, if the record says where its sections begin.
        source: Law article, rule text or standard.
        accepted: What would pass, where it can be listed.
    """

    rule: str
    severity: Severity
    field: str
    section: Section
    page: int | None
    source: str
    message_zh: str
    message_en: str
    mend_zh: str
    mend_en: str
    accepted: tuple[str, ...] = ()

    @property
    def severity_zh(self) -> str:
        """The severity in a clerk's words."""
        return SEVERITY_LABELS[self.severity]

    @property
    def place_zh(self) -> str:
        """The section, with its page if that is known."""
        label = SECTION_LABELS[self.section]
        return label if self.page is None else f"第{self.page}页 {label}"


@dataclass(frozen=True, slots=True)
class HandCheck:
    """What a person confirms before filing."""

    rule: str
    message_zh: str
    message_en: str


BY_HAND: Final = (
    HandCheck(
        "no_unlawful_terms",
        "合同不含非法垄断技术、侵害他人技术成果的条款",
        "No terms that monopolise technology or infringe others' results",
    ),
    HandCheck(
        "approvals_attached",
        "依法须经批准的，批准文件及证明材料齐全",
        "Approvals and proofs that the law asks for are attached",
    ),
    HandCheck(
        "name_equals_seal", "当事人名称与所盖印章一致", "Each party's name is that of its seal"
    ),
    HandCheck(
        "registered_once",
        "该合同未在其他登记机构登记",
        "The contract is not registered at another office",
    ),
    HandCheck(
        "vat_relief",
        "增值税优惠以税务机关现行规定为准，待核实",
        "VAT relief is to be checked with the tax office; it is not computed here",
    ),
)


@dataclass(frozen=True, slots=True)
class Report:
    """All findings on a record, errors first, each rule's in the order of the form."""

    findings: tuple[Finding, ...]

    def count(self, severity: Severity) -> int:
        """Return how many findings are of a severity."""
        return sum(finding.severity is severity for finding in self.findings)

    @property
    def ready(self) -> bool:
        """Whether no finding is an error (ST9)."""
        return all(finding.severity is not Severity.ERROR for finding in self.findings)
