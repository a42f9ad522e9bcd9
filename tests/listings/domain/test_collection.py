"""What makes an achievement's content acceptable."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.listings.domain.achievement import (
    AchievementInvalid,
    AchievementStatus,
    ReasonMissing,
    may_see,
    may_see_content,
    require_reason,
)
from app.listings.domain.collection import check_content, normal_number
from app.listings.domain.content import Completer, Confidentiality, IpAsset, IpStatus, Readiness
from app.shared.access import Viewer
from app.shared.ids import MarketId, PartyId, new_id
from tests.listings.domain.values import ACHIEVEMENT, BUYER, CONTENT, MARKET, SELLER, content

TODAY = date(2026, 3, 2)


def faults(**changes: Any) -> list[tuple[str, str]]:
    with pytest.raises(AchievementInvalid) as refused:
        check_content(content(**changes), today=TODAY)
    errors: Any = refused.value.fields["errors"]
    return [(error["field"], error["rule"]) for error in errors]


def patent(number: str | None, kind: str = "invention_patent") -> IpAsset:
    return IpAsset(kind, number, "检测方法", IpStatus.GRANTED)


def test_sound_content_is_accepted() -> None:
    check_content(CONTENT, today=TODAY)
    check_content(content(ip_assets=(), ip_kind="no_ip"), today=TODAY)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"technology_field": "alchemy"}, [("technology_field", "code_unknown")]),
        ({"kind": "alchemy"}, [("kind", "code_unknown")]),
        ({"ip_kind": "alchemy"}, [("ip_kind", "code_unknown")]),
        ({"plan_source": "alchemy"}, [("plan_source", "code_unknown")]),
        (
            {"conversion_modes": ("transfer", "gift")},
            [("conversion_modes.1", "code_unknown")],
        ),
        (
            {"conversion_modes": ("transfer", "transfer")},
            [("conversion_modes.1", "repeated")],
        ),
        ({"readiness": Readiness("trl_99", 3)}, [("readiness.scale", "code_unknown")]),
        ({"readiness": Readiness("trl_9", 10)}, [("readiness.level", "level_out_of_scale")]),
        ({"readiness": Readiness("trl_9", 0)}, [("readiness.level", "level_out_of_scale")]),
        (
            {"ip_assets": (patent("201710601862.4"),)},
            [("ip_assets.0.number", "patent_number_invalid")],
        ),
        ({"ip_assets": (patent(None),)}, [("ip_assets.0.number", "number_missing")]),
        (
            {"ip_assets": (patent("2024SR1", "technical_secret"),)},
            [("ip_assets.0.number", "number_not_expected")],
        ),
        (
            {"ip_assets": (patent("201710601862.3", "utility_model"),)},
            [("ip_assets.0.kind", "patent_kind_differs")],
        ),
        (
            {"ip_assets": (patent("201710601862.3", "grimoire"),)},
            [("ip_assets.0.kind", "code_unknown")],
        ),
        ({"completers": (Completer("许澜清", 9999),)}, [("completers", "shares_not_whole")]),
    ],
)
def test_each_fault_is_named_with_its_field(
    changes: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    """LS1"""
    assert faults(**changes) == expected


def test_all_faults_are_told_at_once() -> None:
    """LS1"""
    told = faults(
        technology_field="alchemy",
        readiness=Readiness("trl_9", 12),
        ip_assets=(patent("1"), patent(None)),
        completers=(Completer("许澜清", 1),),
    )
    assert [field for field, _ in told] == [
        "technology_field",
        "readiness.level",
        "ip_assets.0.number",
        "ip_assets.1.number",
        "completers",
    ]


def test_levels_reach_to_the_end_of_their_own_scale() -> None:
    check_content(content(readiness=Readiness("trl_13", 13)), today=TODAY)
    check_content(content(readiness=Readiness("manufacturing_10", 10)), today=TODAY)
    assert faults(readiness=Readiness("new_material_9", 10)) == [
        ("readiness.level", "level_out_of_scale")
    ]


@given(st.lists(st.integers(min_value=1, max_value=10_000), min_size=1, max_size=8))
def test_shares_pass_exactly_when_they_sum_to_the_whole(shares: list[int]) -> None:
    """LS1"""
    completers = tuple(Completer(f"完成人{place}", share) for place, share in enumerate(shares))
    if sum(shares) == 10_000:
        check_content(content(completers=completers), today=TODAY)
    else:
        assert faults(completers=completers) == [("completers", "shares_not_whole")]


@pytest.mark.parametrize(
    ("kind", "number", "expected"),
    [
        ("invention_patent", "zl 2017 1 0601862.3", "201710601862.3"),
        ("invention_patent", "2017106018623", "201710601862.3"),
        ("software_copyright", "2024SR0318842", "2024SR0318842"),
        ("technical_secret", None, None),
    ],
)
def test_only_patent_numbers_have_a_normal_form(
    kind: str, number: str | None, expected: str | None
) -> None:
    assert normal_number(kind, number) == expected


VIEWERS = {
    "anonymous": Viewer(),
    "stranger": Viewer(party_id=BUYER),
    "owner": Viewer(party_id=SELLER),
    "staff": Viewer(party_id=PartyId(new_id()), staff_of=MARKET),
    "other staff": Viewer(party_id=PartyId(new_id()), staff_of=MarketId(new_id())),
}


@pytest.mark.parametrize("status", AchievementStatus)
@pytest.mark.parametrize("confidentiality", Confidentiality)
@pytest.mark.parametrize("who", VIEWERS)
def test_strangers_see_what_is_accepted_and_read_all_of_what_is_public(
    who: str, status: AchievementStatus, confidentiality: Confidentiality
) -> None:
    """LS2"""
    achievement = replace(
        ACHIEVEMENT, status=status, content=content(confidentiality=confidentiality)
    )
    near = who in {"owner", "staff"}
    accepted = status is AchievementStatus.ACCEPTED
    assert may_see(VIEWERS[who], achievement) == (near or accepted)
    public = confidentiality is Confidentiality.PUBLIC
    assert may_see_content(VIEWERS[who], achievement) == (near or public)


def test_a_draft_is_its_owners_alone() -> None:
    """LS2"""
    draft = replace(ACHIEVEMENT, status=AchievementStatus.DRAFT, submitted_at=None)
    assert [who for who, viewer in VIEWERS.items() if may_see(viewer, draft)] == ["owner"]


def test_a_restricted_result_needs_a_summary_for_everybody() -> None:
    """LS1"""
    restricted = {"confidentiality": Confidentiality.RESTRICTED}
    assert faults(**restricted) == [("public_summary", "public_summary_missing")]
    told = content(**restricted, public_summary="一种检测方法。")
    check_content(told, today=TODAY)
    assert told.told_abstract == "一种检测方法。"


def test_only_a_refusal_needs_its_reason() -> None:
    require_reason(favourable=True, reason=None)
    require_reason(favourable=False, reason="证据不足")
    with pytest.raises(ReasonMissing) as refused:
        require_reason(favourable=False, reason=None)
    assert refused.value.fields["field"] == "reason"
