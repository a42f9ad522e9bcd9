"""Panels over HTTP: opening, recusals found and declared, replacements, deadlines."""

from uuid import UUID

from app.identity.public import add_membership
from app.platform.access import Role
from app.platform.db import Database
from app.platform.journal import history
from app.shared.ids import new_id
from tests.listings.factories import Json, done, refusal
from tests.queries import counted
from tests.valuations.panels import Office, Person, make_expert, scores


async def test_who_opens_and_what_is_refused(office: Office) -> None:
    """EV1, EV18"""
    achievement = await office.submitted()
    now = (await office.now()).isoformat()
    refusal(await office.opening(achievement, due_at=now), 400, "deadline_too_early")
    refusal(await office.opening(achievement, scheme="none"), 404, "scheme_unknown")
    told = refusal(
        await office.opening(achievement, scheme="five-values-basic"), 400, "scheme_does_not_fit"
    )
    assert told["accepted"] == ["five-values-applied"]
    opened = done(await office.opening(achievement, "operator"))
    refusal(await office.opening(achievement), 409, "evaluation_running")
    done(await office.act(opened["id"], "cancellation", "operator", {"reason": "申请人撤回"}))
    refusal(
        await office.act(opened["id"], "cancellation", "operator", {"reason": "再次"}),
        409,
        "transition_refused",
    )
    again = done(await office.opening(achievement, scheme="five-values-applied"))
    assert again["content_hash"] == opened["content_hash"]
    draft = await office.submitted(draft=True)
    refusal(await office.opening(draft), 409, "achievement_not_evaluable")
    refusal(await office.opening(draft, "operator"), 404, "object_unknown")


async def test_schemes_and_experts_are_listed(office: Office) -> None:
    """EV1"""
    listed = done(await office.get("evaluation-schemes", "anonymous"))["items"]
    assert {scheme["kind"] for scheme in listed} == {"basic", "applied", "development"}
    one = done(await office.get("evaluation-schemes/five-values-basic?version=1", "anonymous"))
    assert one in listed
    refusal(await office.get("evaluation-schemes/none", "anonymous"), 404, "scheme_unknown")
    first = done(await office.get("evaluation-experts?limit=3", "operator"))
    rest = done(await office.get(f"evaluation-experts?cursor={first['next']}", "operator"))
    ids = [item["membership_id"] for item in first["items"] + rest["items"]]
    assert ids == [str(person.membership_id) for person in office.experts]


async def test_the_system_finds_who_stands_too_near(office: Office) -> None:
    """EV2: every ground that records can show, told for all experts at once."""
    session, world = office.session, office.world
    await office.submitted(
        title="基于时空聚类的铜带缺陷判级装置",
        completers=[{"name": "许澜清", "share_bp": 5000}, {"name": "钱望舒", "share_bp": 5000}],
    )
    near = {
        "same_unit": await make_expert(session, world, "陶然", world.seller),
        "shared_control": await make_expert(
            session, world, "苏禾", "之澜科技园有限公司", number=11, representative="陆景深"
        ),
        "completer": await make_expert(session, world, "郭一舟", "甲单位", number=12),
        "co_inventor": await make_expert(session, world, "钱 望舒", "乙单位", number=13),
        "related_party": await make_expert(session, world, "陆景深", "丙单位", number=14),
    }
    evaluation = await office.opened()
    told = refusal(
        await office.act(evaluation, "panel", "operator", office.panel([*near.values()])),
        400,
        "expert_must_recuse",
    )
    found = {
        item["expert"]: [ground["kind"] for ground in item["grounds"]] for item in told["experts"]
    }
    assert found == {str(person.membership_id): [kind] for kind, person in near.items()}
    mixed = [office.experts[0], office.experts[1], near["co_inventor"]]
    told = refusal(
        await office.act(evaluation, "panel", "operator", office.panel(mixed)),
        400,
        "expert_must_recuse",
    )
    assert len(told["experts"]) == 1
    done(await office.act(evaluation, "panel", "operator", office.panel(office.experts[:3])))
    body = {
        "seat": 2,
        "membership_id": str(near["completer"].membership_id),
        "reason": "原专家出差",
    }
    refusal(
        await office.act(evaluation, "replacements", "operator", body), 400, "expert_must_recuse"
    )


async def test_a_wrong_panel_is_refused_with_every_fault(office: Office) -> None:
    """EV3"""
    evaluation = await office.opened()
    stranger = str(new_id())
    body = office.panel(office.experts[:3], chair=9)
    body["seats"][2]["membership_id"] = stranger
    told = refusal(await office.act(evaluation, "panel", "operator", body), 400, "panel_invalid")
    assert [error["rule"] for error in told["errors"]] == ["chair", "expert"]
    twice = office.panel([office.experts[0], office.experts[1], office.experts[1]])
    refusal(await office.act(evaluation, "panel", "operator", twice), 400, "panel_invalid")
    due = {"due_at": await office.in_days(3)}
    refusal(await office.act(evaluation, "scoring", "operator", due), 409, "transition_refused")


def replacement(seat: int, person: Person) -> Json:
    return {"seat": seat, "membership_id": str(person.membership_id), "reason": "专家未能到会"}


async def test_a_declared_interest_vacates_the_seat_for_good(office: Office) -> None:
    """EV4"""
    evaluation = await office.panelled()
    first, second, third, fourth, _ = office.experts
    refusal(
        await office.act(evaluation, "declaration", fourth, {"interest": None}),
        404,
        "object_unknown",
    )
    interest = {"interest": "曾任该项目顾问"}
    assert (await office.act(evaluation, "declaration", second, interest)).status_code == 200
    refusal(await office.get(f"evaluations/{evaluation}", second), 404, "object_unknown")
    due = {"due_at": await office.in_days(3)}
    refusal(await office.act(evaluation, "scoring", "operator", due), 409, "panel_incomplete")
    told = refusal(
        await office.act(evaluation, "replacements", "operator", replacement(2, second)),
        400,
        "expert_must_recuse",
    )
    assert told["experts"][0]["grounds"] == [{"kind": "declared", "details": ["曾任该项目顾问"]}]
    for seat, person, code in ((2, first, "panel_invalid"), (9, fourth, "seat_unknown")):
        refusal(
            await office.act(evaluation, "replacements", "operator", replacement(seat, person)),
            400,
            code,
        )
    done(await office.act(evaluation, "replacements", "operator", replacement(2, fourth)))
    done(await office.act(evaluation, "scoring", "operator", due))
    refusal(await office.act(evaluation, "scores", fourth, scores()), 409, "declaration_missing")
    for person in (first, third, fourth):
        done(await office.act(evaluation, "declaration", person, {"interest": None}))
        done(await office.act(evaluation, "scores", person, scores()))
    conclusion = {"level": "good", "text": "同意通过评价。"}
    done(await office.act(evaluation, "conclusion", first, conclusion))
    report = done(await office.get(f"evaluations/{evaluation}/report", "auditor"))["content"]
    assert [(item["name"], item["reason"]) for item in report["recusals"]] == [
        (second.name, "曾任该项目顾问")
    ]
    assert [seat["name"] for seat in report["panel"]] == [first.name, fourth.name, third.name]


async def test_who_is_late_is_told_and_replaced_or_left_behind(office: Office) -> None:
    """EV5, EV6, EV7"""
    evaluation = await office.scoring(5)
    early, *rest = office.experts
    faulty = scores(80, originality=101)
    refusal(await office.act(evaluation, "scores", early, faulty), 400, "evaluation_scores_invalid")
    for person in office.experts[:3]:
        done(await office.act(evaluation, "scores", person, scores()))
    refusal(await office.act(evaluation, "scores", early, scores()), 409, "scores_handed_in")
    refusal(
        await office.act(evaluation, "declaration", early, {"interest": "后知"}),
        409,
        "scores_handed_in",
    )
    refusal(
        await office.act(evaluation, "replacements", "operator", replacement(1, rest[3])),
        409,
        "seat_taken",
    )
    told = refusal(
        await office.act(evaluation, "opening", "operator"), 409, "evaluation_scores_not_due"
    )
    assert (told["handed_in"], told["quorum"]) == (3, 3)
    sooner = {"due_at": await office.in_days(1)}
    refusal(await office.act(evaluation, "scoring", "operator", sooner), 400, "deadline_too_early")
    await office.world.later(office.session, days=10)
    refusal(await office.act(evaluation, "scores", rest[3], scores()), 409, "scores_late")
    await office.ring()
    (overdue,) = (
        event
        for event in await history(office.session, UUID(evaluation))
        if event.type == "evaluation.scores_overdue"
    )
    assert overdue.restricted["seats"] == [4, 5]
    done(await office.act(evaluation, "scoring", "operator", {"due_at": await office.in_days(2)}))
    done(await office.act(evaluation, "scores", rest[2], scores()))
    await office.world.later(office.session, days=2)
    opened = done(await office.act(evaluation, "opening", "operator"))
    assert (opened["status"], sorted(opened["scores"])) == ("explaining", ["1", "2", "3", "4"])
    refusal(await office.act(evaluation, "scores", rest[3], scores()), 409, "transition_refused")


async def test_outliers_are_explained_before_the_conclusion(office: Office) -> None:
    """EV9, EV10"""
    evaluation = await office.explaining(scores(80), scores(82, risk=40), scores(84, risk=82))
    chair, second, third = office.experts[:3]
    seen = done(await office.get(f"evaluations/{evaluation}", chair))
    assert [(item["seat"], item["indicator"]) for item in seen["outliers"]] == [(2, "risk")]
    conclusion = {"level": "good", "text": "同意通过评价。"}
    told = refusal(
        await office.act(evaluation, "conclusion", chair, conclusion), 409, "explanations_missing"
    )
    assert told["missing"] == [{"seat": 2, "indicator": "risk"}]
    word = {"seat": 2, "indicator": "risk", "text": "许可审批周期长,风险高于同类。"}
    body = {"explanations": [word]}
    refusal(await office.act(evaluation, "explanations", third, body), 400, "nothing_to_explain")
    refusal(
        await office.act(evaluation, "explanations", "operator", body),
        409,
        "explanations_not_due",
    )
    done(await office.act(evaluation, "explanations", second, body))
    refusal(await office.act(evaluation, "explanations", second, body), 400, "nothing_to_explain")
    done(await office.act(evaluation, "conclusion", chair, conclusion))
    report = done(await office.get(f"evaluations/{evaluation}/report", chair))["content"]
    (outlier,) = report["outliers"]
    assert (outlier["points"], outlier["median"], outlier["by_expert"]) == (40, "80.00", True)


async def test_the_exchange_notes_silence_after_the_experts_time(office: Office) -> None:
    """EV7, EV10"""
    evaluation = await office.explaining(scores(80), scores(82, risk=40), scores(84, risk=82))
    await office.world.later(office.session, days=5)
    await office.ring()
    events = await history(office.session, UUID(evaluation))
    assert events[-1].type == "evaluation.explanations_overdue"
    assert events[-1].restricted["outliers"] == [{"seat": 2, "indicator": "risk"}]
    word = {"seat": 2, "indicator": "risk", "text": "两次书面催告后仍未说明。"}
    done(await office.act(evaluation, "explanations", "operator", {"explanations": [word]}))
    conclusion = {"level": "fair", "text": "同意通过评价。"}
    done(await office.act(evaluation, "conclusion", office.experts[0], conclusion))
    report = done(await office.get(f"evaluations/{evaluation}/report", "operator"))["content"]
    assert report["outliers"][0]["by_expert"] is False


async def test_each_reader_sees_its_part_and_the_list_agrees(office: Office) -> None:
    """EV16, EV17"""
    evaluation = await office.panelled()
    inside, outside = office.experts[0], office.experts[4]
    readers: dict[str, tuple[str | Person, int | None]] = {
        "staff": ("operator", 3),
        "auditor": ("auditor", 3),
        "owner": ("seller_staff", 0),
        "panel": (inside, 1),
        "stranger": ("buyer_staff", None),
        "other expert": (outside, None),
        "anonymous": ("anonymous", None),
    }

    async def shown() -> dict[str, int | None]:
        found: dict[str, int | None] = {}
        for name, (who, _) in readers.items():
            answer = await office.get(f"evaluations/{evaluation}", who)
            listed = done(await office.get("evaluations?limit=10", who))["items"]
            assert [item["id"] for item in listed] == ([evaluation] if answer.is_success else [])
            found[name] = len(answer.json()["seats"]) if answer.is_success else None
        return found

    assert await shown() == {name: seats for name, (_, seats) in readers.items()}
    refusal(await office.get(f"evaluations/{evaluation}/report", "operator"), 409, "report_missing")
    refusal(await office.act(evaluation, "publication", "seller_staff"), 409, "transition_refused")


async def test_lists_page_and_filter(office: Office, rolled_back: Database) -> None:
    """EV16: one statement, however many there are."""
    made = [await office.opened() for _ in range(3)]
    done(await office.act(made[1], "cancellation", "operator", {"reason": "重复申请"}))
    with counted(rolled_back) as sent:
        first = done(await office.get("evaluations?limit=2", "operator"))
    assert len(sent) == 1
    rest = done(await office.get(f"evaluations?cursor={first['next']}", "operator"))
    assert [item["id"] for item in first["items"] + rest["items"]] == made[::-1]
    opened = done(await office.get("evaluations?status=opened", "seller_staff"))["items"]
    assert [item["id"] for item in opened] == [made[2], made[0]]
    one = f"evaluations?achievement_id={opened[0]['achievement_id']}"
    assert len(done(await office.get(one, "seller_staff"))["items"]) == 1


async def test_who_acts_for_the_owner_judges_for_no_other_unit(office: Office) -> None:
    """EV2: an account of the owner's own is the same unit, whatever unit sends the expert."""
    insider = await make_expert(office.session, office.world, "陶然", "丁单位", number=15)
    await add_membership(
        office.session,
        user_id=insider.user_id,
        party_id=office.world.seller,
        market_id=office.world.market_id,
        role=Role.SELLER_STAFF,
    )
    evaluation = await office.opened()
    panel = office.panel([office.experts[0], office.experts[1], insider])
    told = refusal(
        await office.act(evaluation, "panel", "operator", panel), 400, "expert_must_recuse"
    )
    (refused,) = told["experts"]
    assert refused["expert"] == str(insider.membership_id)
    assert [ground["kind"] for ground in refused["grounds"]] == ["same_unit"]
