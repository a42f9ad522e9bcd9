"""Grounds on which an office refuses a contract, and the linter's rules that look for each.

Source: 技术合同认定规则 and 技术合同认定登记管理办法, grounds for refusal; rules.md section 5.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class RefusalGround(StrEnum):
    """Why an office refuses a contract."""

    PARTIES_UNCLEAR = "parties_unclear"  # 当事人不明确
    SUBJECT_UNCLEAR = "subject_unclear"  # 标的不明确
    PRICE_UNCLEAR = "price_unclear"  # 价款不明确
    UNLAWFUL_TERMS = "unlawful_terms"  # 非法垄断技术、侵害他人技术成果
    PROOFS_MISSING = "proofs_missing"  # 缺少批准或证明
    NAME_DIFFERS_FROM_SEAL = "name_differs_from_seal"  # 名称与印章不一致
    TITLE_INCONSISTENT = "title_inconsistent"  # 名称与权利义务不一致
    NOT_IN_WRITING = "not_in_writing"  # 口头合同
    REGISTERED_BEFORE = "registered_before"  # 已经登记
    NOT_A_TECHNOLOGY_CONTRACT = "not_a_technology_contract"  # 不属于技术合同
    FORM_INCOMPLETE = "form_incomplete"  # 登记表填写不全或有误
    OTHER = "other"


GROUND_LABELS: Final[Mapping[RefusalGround, str]] = {
    RefusalGround.PARTIES_UNCLEAR: "合同主体不明确",
    RefusalGround.SUBJECT_UNCLEAR: "合同标的不明确",
    RefusalGround.PRICE_UNCLEAR: "合同价款不明确",
    RefusalGround.UNLAWFUL_TERMS: "含非法垄断技术或侵害他人技术成果的条款",
    RefusalGround.PROOFS_MISSING: "缺少批准文件或证明材料",
    RefusalGround.NAME_DIFFERS_FROM_SEAL: "当事人名称与印章不一致",
    RefusalGround.TITLE_INCONSISTENT: "合同名称与权利义务不一致",
    RefusalGround.NOT_IN_WRITING: "未订立书面合同",
    RefusalGround.REGISTERED_BEFORE: "合同已经登记",
    RefusalGround.NOT_A_TECHNOLOGY_CONTRACT: "不属于技术合同",
    RefusalGround.FORM_INCOMPLETE: "登记表填写不全或有误",
    RefusalGround.OTHER: "其他",
}

# The linter's rules that look for what the office refused.
RULES_OF_GROUND: Final[Mapping[RefusalGround, tuple[str, ...]]] = {
    RefusalGround.PARTIES_UNCLEAR: ("parties_clear", "parties_distinct", "credit_code_valid"),
    RefusalGround.SUBJECT_UNCLEAR: ("subject_clear", "project_name_specific", "content_specific"),
    RefusalGround.PRICE_UNCLEAR: (
        "price_clear",
        "technology_amount_within_total",
        "mixed_contract_split",
        "royalty_terms_stated",
    ),
    RefusalGround.UNLAWFUL_TERMS: (
        "no_monopolistic_terms",
        "monopoly_screen",
        "no_infringing_terms",
        "infringement_screen",
    ),
    RefusalGround.PROOFS_MISSING: ("approvals_attached", "authorisation_attached"),
    RefusalGround.NAME_DIFFERS_FROM_SEAL: ("name_equals_seal",),
    RefusalGround.TITLE_INCONSISTENT: ("title_consistent", "obligations_consistent"),
    RefusalGround.NOT_IN_WRITING: ("written_form",),
    RefusalGround.REGISTERED_BEFORE: ("registered_once",),
    RefusalGround.NOT_A_TECHNOLOGY_CONTRACT: ("content_registrable",),
    RefusalGround.FORM_INCOMPLETE: ("fields_complete", "code_known", "length_within"),
    RefusalGround.OTHER: (),
}
