"""Rules on what bars a contract: unlawful terms, missing papers, no writing, a second filing."""

from collections.abc import Iterator
from typing import Final

from app.settlement.domain.registration.record import ContractRecord
from app.settlement.domain.registration.report import Section, Severity
from app.settlement.domain.registration.rule import Rule, Told, rule
from app.settlement.domain.registration.rules_parties import plain
from app.settlement.domain.registration.screens import INFRINGEMENT, MONOPOLY

_REFUSALS: Final = "技术合同认定规则 (不予登记的情形)"
_SIX_TERMS: Final = "民法典 850; 技术合同纠纷司法解释 10 (法释〔2020〕19号)"


@rule(Severity.ERROR, Section.OBLIGATIONS, f"{_REFUSALS}; 民法典 850", "不含非法垄断技术的条款")
def no_monopolistic_terms(record: ContractRecord) -> Iterator[Told]:
    """A person has not found terms that monopolise technology."""
    if record.monopolistic_terms:
        yield Told(
            "monopolistic_terms",
            ("合同含非法垄断技术的条款，不予登记", "It holds terms that monopolise technology"),
            (
                "删除该条款后重新签订或补充约定",
                "Strike them out by a new or supplementary contract",
            ),
        )


@rule(Severity.WARNING, Section.OBLIGATIONS, _SIX_TERMS, "疑似非法垄断技术的表述")
def monopoly_screen(record: ContractRecord) -> Iterator[Told]:
    """No wording restricts research, sources, output, price, export or challenge."""
    found = MONOPOLY.find(record.obligations, record.other_terms)
    if found and record.monopolistic_terms is None:
        yield Told(
            "other_terms",
            (
                f"“{found}”疑似非法垄断技术的条款",
                f"“{found}” may be a term that monopolises technology",
            ),
            (
                "由法务核对；合法的，将“含非法垄断技术条款”填“否”，否则删除",
                "Have it read by counsel: say monopolistic_terms is false, or strike it out",
            ),
        )


@rule(Severity.ERROR, Section.RIGHTS, f"{_REFUSALS}; 民法典 850", "不含侵害他人技术成果的条款")
def no_infringing_terms(record: ContractRecord) -> Iterator[Told]:
    """A person has not found terms that infringe others' results."""
    if record.infringing_terms:
        yield Told(
            "infringing_terms",
            (
                "合同含侵害他人技术成果的条款，不予登记",
                "It holds terms that infringe others' results",
            ),
            (
                "取得权利人许可或删除该条款",
                "Get the owner's licence, or strike them out",
            ),
        )


@rule(Severity.WARNING, Section.RIGHTS, "民法典 850", "疑似侵害他人技术成果的表述")
def infringement_screen(record: ContractRecord) -> Iterator[Told]:
    """No wording passes over a right holder or copies what is another's."""
    found = INFRINGEMENT.find(record.technical_content, record.obligations, record.other_terms)
    if found and record.infringing_terms is None:
        yield Told(
            "other_terms",
            (
                f"“{found}”疑似侵害他人技术成果",
                f"“{found}” may infringe another's results",
            ),
            (
                "由法务核对；不侵权的，将“含侵害他人技术成果条款”填“否”",
                "Have it read by counsel: say infringing_terms is false, or strike it out",
            ),
        )


@rule(Severity.ERROR, Section.ANNEXES, _REFUSALS, "批准和证明材料齐全")
def approvals_attached(record: ContractRecord) -> Iterator[Told]:
    """Each approval or proof that is needed lies beside the contract."""
    attached = {plain(name) for name in record.approvals_attached}
    missing = [name for name in record.approvals_needed if plain(name) not in attached]
    if missing:
        listed = "、".join(missing)
        yield Told(
            "approvals_attached",
            (f"缺少批准或证明材料：{listed}", f"Approvals or proofs are missing: {listed}"),
            ("取得并附上所列材料", "Get and attach what is listed"),
            tuple(missing),
        )


@rule(Severity.ERROR, Section.ANNEXES, f"{_REFUSALS}; 民法典 165", "代理人签订附授权委托书")
def authorisation_attached(record: ContractRecord) -> Iterator[Told]:
    """Where an agent signed, the power of attorney lies beside the contract."""
    if record.signed_by_agent and not record.authorisation_attached:
        yield Told(
            "authorisation_attached",
            (
                "合同由代理人签订，未附授权委托书",
                "An agent signed, and no power of attorney is attached",
            ),
            ("附上载明权限和期限的授权委托书", "Attach it, with its scope and term"),
        )


@rule(Severity.ERROR, Section.SUBJECT, "保守国家秘密法; 技术合同认定登记管理办法", "不含国家秘密")
def state_secret_kept_out(record: ContractRecord) -> Iterator[Told]:
    """A contract with state secrets does not pass through this sheet."""
    if record.state_secret:
        yield Told(
            "state_secret",
            (
                "合同涉及国家秘密，不得通过本表申报",
                "It holds state secrets and must not be filed by this sheet",
            ),
            (
                "按保密规定审查，脱密后或由保密渠道申请登记",
                "Have it reviewed; file it by the confidential channel",
            ),
        )


@rule(
    Severity.HINT, Section.ANNEXES, "技术进出口管理条例 (技术进出口合同登记)", "技术进出口登记提示"
)
def technology_trade_noted(record: ContractRecord) -> Iterator[Told]:
    """A contract with a party abroad is also registered, or licensed, as import or export."""
    for prefix, side in record.sides:
        if side.is_abroad:
            way, english = ("进口", "import") if prefix == "seller_" else ("出口", "export")
            yield Told(
                prefix + "type",
                (
                    f"一方在境外：技术{way}合同另须向商务主管部门登记或取得许可",
                    f"A party is abroad: a technology {english} is also registered or licensed",
                ),
                (
                    f"办理技术{way}合同登记，限制类先取得许可",
                    "Register it with the commerce authority; restricted ones need a licence",
                ),
            )


@rule(
    Severity.ERROR,
    Section.SIGNATURE,
    "技术合同认定登记管理办法 (口头合同不予受理); 民法典 851, 863",
    "书面合同",
)
def written_form(record: ContractRecord) -> Iterator[Told]:
    """The contract is confirmed to be in writing; an oral one is not registered."""
    if record.in_writing is not True:
        zh, en = (
            ("未确认合同采用书面形式", "It is not confirmed that the contract is in writing")
            if record.in_writing is None
            else ("口头合同不予登记", "An oral contract is not registered")
        )
        yield Told(
            "in_writing",
            (zh, en),
            (
                "订立书面合同并确认（in_writing 填“是”）",
                "Conclude it in writing and confirm it with in_writing",
            ),
        )


@rule(Severity.ERROR, Section.FORM, "技术合同认定登记管理办法 (按地域一次登记)", "未重复登记")
def registered_once(record: ContractRecord) -> Iterator[Told]:
    """A contract that an office has registered is not filed again."""
    if record.registered_before:
        yield Told(
            "registered_before",
            ("该合同已登记，不得重复登记", "The contract is registered already"),
            (
                "沿用原登记证明；内容有变更的办理变更登记",
                "Use the first certificate; have changes recorded there",
            ),
        )


RULES: Final[tuple[Rule, ...]] = (
    no_monopolistic_terms,
    monopoly_screen,
    no_infringing_terms,
    infringement_screen,
    approvals_attached,
    authorisation_attached,
    state_secret_kept_out,
    technology_trade_noted,
    written_form,
    registered_once,
)
