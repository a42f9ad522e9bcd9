"""The text of a contract 合同文本: one model, from which docx and PDF are both printed.

Its hash is that of the model's canonical JSON, so that whoever holds either form can check it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from app.settlement.domain.clauses import Parameters, book, clauses_for, fill
from app.settlement.domain.contract import family
from app.settlement.domain.text_facts import (
    TextFacts,
    TextParty,
    check_facts,
    title_of,
    words_of,
)
from app.shared import codes
from app.shared.canonical import digest
from app.shared.errors import RuleBroken
from app.shared.findings import Findings
from app.shared.jsonable import jsonable

FORM: Final = "zhepai-contract-text-1"


class ClauseDataIncomplete(RuleBroken):
    """A mandatory clause lacks its data; all faults are told at once."""

    code = "clause_data_incomplete"
    title_zh = "合同必备条款内容不完整"
    title_en = "Mandatory clauses lack their data"


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedClause:
    """A numbered clause: 第三条."""

    number: int
    code: str
    title: str
    source: str
    paragraphs: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """Clauses of one subject."""

    title: str
    clauses: tuple[PrintedClause, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PartyBlock:
    """A side with its lines of label and value."""

    side: str
    designation: str
    lines: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureBlock:
    """Where a side signs."""

    side: str
    designation: str
    name: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractText:
    """The whole text.

    Attributes:
        form: Version of this model; ``clause_version`` that of the clauses.
        number: Of the text: the deal's with its version.
    """

    form: str
    clause_version: str
    number: str
    title: str
    project_name: str
    parties: tuple[PartyBlock, ...]
    preamble: str
    sections: tuple[Section, ...]
    signatures: tuple[SignatureBlock, ...]

    @property
    def clauses(self) -> tuple[PrintedClause, ...]:
        """All clauses in order."""
        return tuple(clause for section in self.sections for clause in section.clauses)


# What buyer and seller are called, by the broad type of their contract.
_ROLES: Final[Mapping[str, tuple[str, str]]] = {
    "development": ("委托方（甲方）", "研究开发方（乙方）"),
    "transfer": ("受让方（甲方）", "转让方（乙方）"),
    "licence": ("被许可方（甲方）", "许可方（乙方）"),
    "consulting": ("委托方（甲方）", "受托方（乙方）"),
    "service": ("委托方（甲方）", "受托方（乙方）"),
}
_JOINT: Final = ("合作方（甲方）", "合作方（乙方）")


def write_text(facts: TextFacts, parameters: Parameters, *, number: str) -> ContractText:
    """Return a deal's contract as it must be for its type.

    Args:
        parameters: What the parties agreed, by clause and blank.
        number: Of this version of the text.

    Raises:
        ClauseDataIncomplete: Every fault with field, clause, article and what is accepted.

    Invariants: ST30, ST31. Source: 民法典 843-887.
    """
    kind = facts.contract.contract_type
    findings = Findings()
    check_facts(facts, findings)
    if kind is None:
        findings.add(
            "contract.contract_type",
            rule="contract_type_missing",
            message="Fix the contract's type first; it says which clauses are mandatory.",
            source="民法典 843",
            values=[entry.name for entry in codes.table("contract_type").entries if entry.parent]
            + ["consulting"],
        )
        raise ClauseDataIncomplete(findings.summary(), errors=findings.errors)
    sections = _sections(kind, facts, parameters, findings)
    if findings.errors:
        raise ClauseDataIncomplete(findings.summary(), errors=findings.errors)
    buyer, seller = _JOINT if kind == "development_joint" else _ROLES[family(kind)]
    sides = (("buyer", buyer, facts.buyer), ("seller", seller, facts.seller))
    return ContractText(
        form=FORM,
        clause_version=book().version,
        number=number,
        title=title_of(kind),
        project_name=facts.project_name,
        parties=tuple(_party(*side) for side in sides),
        preamble=(
            f"甲乙双方依照《中华人民共和国民法典》的规定，就“{facts.project_name}”经协商一致，"
            "订立本合同。"
        ),
        sections=sections,
        signatures=tuple(_signature(*side) for side in sides),
    )


def _sections(
    kind: str, facts: TextFacts, parameters: Parameters, findings: Findings
) -> tuple[Section, ...]:
    clauses = clauses_for(kind)
    known = {clause.code for clause in clauses}
    for code in sorted(parameters.keys() - known):
        findings.add(
            f"parameters.{code}",
            rule="clause_unknown",
            message="A contract of this type has no such clause.",
            values=sorted(known),
        )
    words = words_of(facts)
    printed: dict[str, list[PrintedClause]] = {}
    for number, clause in enumerate(clauses, 1):
        told = fill(clause, parameters.get(clause.code, {}), words, findings)
        item = PrintedClause(
            number=number,
            code=clause.code,
            title=clause.title_zh,
            source=clause.source,
            paragraphs=told,
        )
        printed.setdefault(clause.section, []).append(item)
    titles = book().sections
    return tuple(Section(title=titles[key], clauses=tuple(found)) for key, found in printed.items())


def _party(side: str, designation: str, party: TextParty) -> PartyBlock:
    lines = [
        ("名称" if party.organisation else "姓名", party.name),
        ("统一社会信用代码", party.credit_code),
        ("住所", party.address),
        ("法定代表人", party.representative),
        ("联系人", party.contact),
        ("联系电话", party.phone),
        ("邮政编码", party.postcode),
    ]
    return PartyBlock(
        side=side,
        designation=designation,
        lines=tuple((label, value) for label, value in lines if value),
    )


def _signature(side: str, designation: str, party: TextParty) -> SignatureBlock:
    lines = (
        ("单位盖章：", "法定代表人或者委托代理人签字：", "签字日期：")
        if party.organisation
        else ("签字：", "签字日期：")
    )
    return SignatureBlock(side=side, designation=designation, name=party.name, lines=lines)


def text_hash(model: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a text's canonical JSON (ST33)."""
    return digest(model)


def model_of(text: ContractText) -> dict[str, Any]:
    """Return the text as plain JSON: what is stored, hashed and printed."""
    model: dict[str, Any] = jsonable(text)
    return model


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What became of one part of a text between two versions.

    Attributes:
        part: A clause's code, or ``title``, ``project_name``, ``preamble``, ``party.<side>``.
        before, after: Its paragraphs; empty where it is missing.
    """

    part: str
    title: str
    before: tuple[str, ...]
    after: tuple[str, ...]


def differences(earlier: Mapping[str, Any], later: Mapping[str, Any]) -> Sequence[Difference]:
    """Return what changed between two stored texts, by clause, in the later one's order.

    Numbers of clauses are left out: one that moved says the same.

    Invariant: ST34.
    """
    before, after = _parts(earlier), _parts(later)
    nothing: tuple[str, ...] = ()
    return [
        Difference(
            part=part,
            title=(after.get(part) or before[part])[0],
            before=before[part][1] if part in before else nothing,
            after=after[part][1] if part in after else nothing,
        )
        for part in {**after, **before}
        if before.get(part) != after.get(part)
    ]


def _parts(model: Mapping[str, Any]) -> dict[str, tuple[str, tuple[str, ...]]]:
    parts: dict[str, tuple[str, tuple[str, ...]]] = {
        "title": ("合同名称", (model["title"],)),
        "project_name": ("项目名称", (model["project_name"],)),
        "preamble": ("序言", (model["preamble"],)),
    }
    for party in model["parties"]:
        lines = tuple(f"{label}：{value}" for label, value in party["lines"])
        parts[f"party.{party['side']}"] = (party["designation"], lines)
    for section in model["sections"]:
        for clause in section["clauses"]:
            parts[clause["code"]] = (clause["title"], tuple(clause["paragraphs"]))
    return parts
