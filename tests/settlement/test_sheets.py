"""What price terms, texts, signatures and conditions tell the registration of a deal."""

from collections.abc import Mapping

from sqlalchemy.ext.asyncio import AsyncSession

from tests.listings.factories import Desk, Json, done, yuan
from tests.settlement.factories import Counter, lot, sell
from tests.settlement.payment_terms import PRICE, entry_fee, instalments, till
from tests.settlement.signing_desk import SigningDesk
from tests.settlement.texts import parameters
from tests.world import World

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF\n"


async def sheet_of(counter: Counter, deal_id: object) -> Json:
    return done(await counter.get(f"deals/{deal_id}/registration-sheet"))


def findings(sheet: Json) -> set[tuple[str, str]]:
    return {(finding["rule"], finding["field"]) for finding in sheet["findings"]}


def values(sheet: Json) -> Mapping[str, object]:
    return {field["name"]: field["value"] for field in sheet["fields"]}


async def test_a_royalty_makes_the_amount_unknown_and_the_sheet_says_so(
    desk: Desk, counter: Counter, world: World, session: AsyncSession
) -> None:
    """ST176: the terms decide how it is paid; what came on top of the price is technology."""
    found = await till(desk, counter)
    done(await found.fix(entry_fee()))
    done(await counter.fix(found.deal_id, 0, payment_mode=None))
    sheet = await sheet_of(counter, found.deal_id)
    assert values(sheet)["payment_mode"] == "entry_fee_royalty"
    assert ("amounts_unknown", "amount_known") in findings(sheet)
    assert ("royalty_terms_stated", "royalty_terms") not in findings(sheet)
    await found.sign()
    await world.later(session, days=200)
    evidence = await found.file("buyer_staff")
    body = {"base": yuan("1000000.00"), "evidence_id": evidence}
    done(await found.act("royalty-reports/3", body, "buyer_staff"))
    sheet = await sheet_of(counter, found.deal_id)
    assert values(sheet)["total_amount"] == yuan("730000.00")
    assert values(sheet)["technology_amount"] == yuan("730000.00")


async def test_what_nobody_agreed_otherwise_is_a_lump_sum_signed_on_the_day_of_the_deal(
    desk: Desk, counter: Counter
) -> None:
    """ST176: neither is typed again; what the contract's data say comes first."""
    found = await till(desk, counter)
    done(await counter.fix(found.deal_id, 0, payment_mode=None, signed_on=None))
    sheet = await sheet_of(counter, found.deal_id)
    assert (values(sheet)["payment_mode"], values(sheet)["signed_on"]) == ("lump_sum", None)
    await found.sign()
    assert values(await sheet_of(counter, found.deal_id))["signed_on"] == "2026-03-23"
    done(await counter.fix(found.deal_id, 1, payment_mode=None, signed_on="2026-03-22"))
    assert values(await sheet_of(counter, found.deal_id))["signed_on"] == "2026-03-22"


async def test_a_mode_that_the_terms_contradict_is_found(desk: Desk, counter: Counter) -> None:
    """ST176"""
    found = await till(desk, counter)
    done(await found.fix(instalments()))
    done(await counter.fix(found.deal_id, 0, payment_mode="lump_sum"))
    sheet = await sheet_of(counter, found.deal_id)
    assert ("payment_fits_terms", "payment_mode") in findings(sheet)
    assert values(sheet)["technology_amount"] == yuan("700000.00")


async def test_text_signatures_and_conditions_are_read(
    session: AsyncSession, world: World, desk: Desk, counter: Counter
) -> None:
    """ST176"""
    deal_id = await sell(session, world, await lot(desk, "buyer"), PRICE)
    done(await counter.fix(deal_id, 0, in_writing=None))
    signing = SigningDesk(counter, deal_id)
    approval = {"kind": "approval", "description": "主管部门对国有资产处置的批复"}
    done(await signing.name(approval))
    before = findings(await sheet_of(counter, deal_id))
    assert {("written_form", "in_writing"), ("approvals_attached", "approvals_attached")} <= before
    given = parameters("transfer_patent")
    given["warranty"]["target"] = "受让方不得对标的技术进行后续研发。"
    text = done(await signing.draft(seen=2, given=given))
    await signing.signed(text)
    shown = await signing.upload(PDF, name="批复.pdf")
    done(await signing.fulfil(1, fulfilled_on="2026-03-23", evidence_file_id=shown))
    after = findings(await sheet_of(counter, deal_id))
    assert before - after == {
        ("written_form", "in_writing"),
        ("approvals_attached", "approvals_attached"),
    }
    assert after - before == {("monopoly_screen", "other_terms")}
