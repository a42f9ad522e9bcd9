"""An evaluation from its opening to its published report."""

import json
import re
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.platform import signing
from app.platform.journal import history, verify_chain
from app.shared.canonical import digest, salted_digest
from app.shared.ids import AchievementId
from app.valuations.public import evaluations_of
from tests.listings.factories import done, refusal
from tests.valuations.panels import Office, Person, scores

# A score of 77 in any form in which a view or an event would tell it.
TOLD = re.compile(r'"(points|mean|median|minimum|maximum)": ?"?77')
CONCLUSION = {"level": "good", "text": "该成果在低照度产线上经过四个月连续运行验证。"}


async def test_from_opening_to_a_published_signed_report(office: Office) -> None:
    """EV11, EV16, EV18"""
    achievement = await office.submitted()
    opened = done(await office.opening(achievement))
    assert (opened["status"], opened["scheme"], opened["scheme_version"]) == (
        "opened",
        "five-values-applied",
        1,
    )
    evaluation = opened["id"]
    experts = office.experts[:3]
    done(await office.act(evaluation, "panel", "operator", office.panel(experts, chair=1)))
    for person in experts:
        done(await office.act(evaluation, "declaration", person, {"interest": None}))
    due = {"due_at": await office.in_days(7)}
    done(await office.act(evaluation, "scoring", "operator", due))
    for person, points in zip(experts, (80, 84, 88), strict=True):
        seen = done(await office.act(evaluation, "scores", person, scores(points)))
    assert (seen["status"], seen["outliers"]) == ("explaining", [])
    refusal(await office.act(evaluation, "conclusion", experts[0], CONCLUSION), 409, "chair_only")
    refusal(
        await office.act(evaluation, "conclusion", experts[1], CONCLUSION | {"level": "best"}),
        400,
        "level_unknown",
    )
    done(await office.act(evaluation, "conclusion", experts[1], CONCLUSION))
    report = done(await office.get(f"evaluations/{evaluation}/report", "seller_staff"))
    content = report["content"]
    keys = done(await office.desk.client.get("/.well-known/jwks.json"))
    assert signing.verify(report["jws"], keys) == content
    assert report["content_hash"] == digest(content)
    assert content["subject"]["content_hash"] == opened["content_hash"]
    result = content["result"]
    assert (result["total"], result["level"], result["level_by_score"]) == ("84.00", "good", "good")
    assert [seat["name"] for seat in content["panel"]] == [person.name for person in experts]
    assert "comment" not in json.dumps(content)
    refusal(
        await office.get(f"evaluations/{evaluation}/report", "anonymous"), 404, "object_unknown"
    )
    done(await office.act(evaluation, "publication", "seller_staff"))
    done(await office.act(evaluation, "publication", "seller_staff"))
    shown = done(await office.get(f"evaluations/{evaluation}/report", "anonymous"))
    assert shown == report
    events = await history(office.session, UUID(evaluation))
    verify_chain(events)
    assert [event.type for event in events if event.public] == ["evaluation.published"]
    kept = await evaluations_of(office.session, AchievementId(UUID(achievement["id"])))
    assert [item.jws for item in kept] == [report["jws"]]


async def test_the_pdf_is_a_chinese_archival_document(office: Office) -> None:
    """EV11"""
    evaluation = await office.concluded()
    path = f"evaluations/{evaluation}/report.pdf"
    first = await office.get(path, "seller_staff")
    assert first.headers["content-type"] == "application/pdf"
    assert first.content.startswith(b"%PDF")
    assert b"pdfaid" in first.content
    assert (await office.get(path, "auditor")).content == first.content
    refusal(await office.get(path, "buyer_staff"), 404, "object_unknown")


async def test_a_report_is_never_changed(office: Office) -> None:
    """EV11"""
    evaluation = await office.concluded()
    for table in ("evaluation_reports", "evaluation_sheets"):
        for act in (f"UPDATE {table} SET evaluation_id = evaluation_id", f"DELETE FROM {table}"):
            with pytest.raises(DBAPIError, match="append-only"):
                async with office.session.begin_nested():
                    await office.session.execute(text(act))
    refusal(
        await office.act(evaluation, "conclusion", office.experts[0], CONCLUSION),
        409,
        "transition_refused",
    )


async def test_the_journal_learns_a_digest_first_and_the_scores_when_they_open(
    office: Office,
) -> None:
    """EV6"""
    evaluation = await office.scoring()
    await office.act(evaluation, "scores", office.experts[0], scores(91))
    await office.act(evaluation, "scores", office.experts[1], scores(73))
    before = await history(office.session, UUID(evaluation))
    for event in before:
        told = json.dumps([event.public, event.restricted])
        assert '"points"' not in told
        assert "91" not in json.dumps(event.public)
    digests = {
        event.restricted["seat"]: event.restricted["digest"]
        for event in before
        if event.type == "evaluation.scores_handed_in"
    }
    await office.act(evaluation, "scores", office.experts[2], scores(80))
    (opened,) = (
        event
        for event in await history(office.session, UUID(evaluation))
        if event.type == "evaluation.scores_opened"
    )
    assert opened.public == {}
    assert opened.audience == []
    for sheet in opened.restricted["sheets"][:2]:
        salt = bytes.fromhex(sheet["salt"])
        assert salted_digest(sheet["scores"], salt) == digests[sheet["seat"]]


async def test_scores_are_nobodys_but_their_authors_until_all_are_in(office: Office) -> None:
    """EV6: every route that tells of an evaluation, every other reader."""
    evaluation = await office.scoring()
    author = office.experts[1]
    await office.act(evaluation, "scores", author, scores(77))
    paths = (
        f"evaluations/{evaluation}",
        "evaluations",
        f"evaluations/{evaluation}/report",
        f"evaluations/{evaluation}/report.pdf",
        "events?limit=200",
    )
    readers: tuple[str | Person, ...] = (
        "anonymous",
        "operator",
        "auditor",
        "seller_staff",
        "buyer_staff",
        "partner",
        *office.experts[:1],
        *office.experts[2:],
    )
    for path in paths:
        for reader in readers:
            answer = await office.get(path, reader)
            assert not TOLD.search(answer.text), (path, reader)
    own = done(await office.get(f"evaluations/{evaluation}", author))
    assert {score["points"] for score in own["own_scores"].values()} == {77}
    assert own["scores"] == {}
    for person in (office.experts[0], office.experts[2]):
        await office.act(evaluation, "scores", person, scores(70))
    insiders: tuple[str | Person, ...] = (*office.experts[:3], "operator", "auditor")
    for reader in insiders:
        told = done(await office.get(f"evaluations/{evaluation}", reader))
        assert {score["points"] for score in told["scores"]["2"].values()} == {77}
    owner = done(await office.get(f"evaluations/{evaluation}", "seller_staff"))
    assert (owner["scores"], owner["dispersion"], owner["seats"]) == ({}, [], [])


async def test_what_was_not_cleared_of_secrets_is_not_published(office: Office) -> None:
    """EV16"""
    evaluation = await office.concluded(secrecy="not_reviewed")
    refusal(
        await office.act(evaluation, "publication", "seller_staff"), 409, "report_not_publishable"
    )
    path = f"evaluations/{evaluation}/report"
    done(await office.get(path, "seller_staff"))
    refusal(await office.get(path, "anonymous"), 404, "object_unknown")
