"""Contract texts over HTTP: drafted, printed, compared, signed by each side."""

import io
import json
import zipfile
from typing import Any

import pytest
from docx import Document
from sqlalchemy.ext.asyncio import AsyncSession

from app.shared.canonical import digest
from app.shared.ids import DealId, new_id
from app.shared.money import Money
from tests.listings.factories import Desk, done, refusal
from tests.settlement.factories import Counter, lot, sell
from tests.settlement.signing_desk import SigningDesk
from tests.settlement.texts import parameters, sign_pdf
from tests.world import World

PRICE = Money.parse("730000.00")
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


@pytest.fixture
async def deal_id(session: AsyncSession, world: World, desk: Desk) -> DealId:
    return await sell(session, world, await lot(desk, "buyer"), PRICE)


@pytest.fixture
async def signing(counter: Counter, deal_id: DealId) -> SigningDesk:
    done(await counter.fix(deal_id, 0))
    return SigningDesk(counter, deal_id)


async def test_versions_are_drafted_kept_and_compared(signing: SigningDesk) -> None:
    """ST33, ST34"""
    first = done(await signing.draft())
    assert (first["number"], first["kind"], first["signable"]) == (1, "generated", True)
    assert first["text_hash"] == digest(first["text"])
    assert first["text"]["title"] == "技术转让合同（专利权转让）"
    given = parameters("transfer_patent")
    given["acceptance"]["days"] = 45
    second = done(await signing.draft(role="operator", given=given))
    listed = done(await signing.get("contract-texts?limit=1", "buyer_staff"))
    assert [text["number"] for text in listed["items"]] == [2]
    rest = done(await signing.get(f"contract-texts?cursor={listed['next']}", "auditor"))
    assert [text["number"] for text in rest["items"]] == [1]
    changes = done(await signing.get("contract-texts/2/changes", "buyer_staff"))
    assert (changes["earlier"], changes["later"]) == (1, 2)
    assert [change["part"] for change in changes["changes"]] == ["acceptance"]
    assert done(await signing.get("contract-texts/2/changes?since=2"))["changes"] == []
    assert done(await signing.get("contract-texts/1"))["signable"] is False
    assert done(await signing.get("contract-texts/2"))["text"] == second["text"]
    told = refusal(await signing.get("contract-texts/3"), 404, "contract_text_unknown")
    assert told["maximum"] == 2
    refusal(await signing.get("contract-texts/1/changes"), 404, "contract_text_unknown")
    drafted = [event for event in await signing.events() if event.type == "deal.text_drafted"]
    assert [event.restricted["text_hash"] for event in drafted] == [
        first["text_hash"],
        second["text_hash"],
    ]


async def test_all_that_is_missing_is_told_at_once(signing: SigningDesk) -> None:
    """ST31"""
    told = refusal(await signing.draft(given={}), 400, "clause_data_incomplete")
    found = {error["field"]: error for error in told["errors"]}
    assert len(found) > 10
    fault = found["parameters.warranty.target"]
    assert (fault["accepted"]["source"], fault["accepted"]["kind"]) == ("民法典 870", "text")
    for value in (1.5, "甲\x00乙", True):
        body = {"parameters": {"acceptance": {"days": value}}}
        answer = await signing.send("POST", "contract-texts", body, "operator")
        refusal(answer, 422, "request_invalid")


async def test_a_draft_is_the_sellers_of_the_version_it_has_seen(signing: SigningDesk) -> None:
    """ST6"""
    body = {"parameters": parameters("transfer_patent")}
    unseen = await signing.send("POST", "contract-texts", body, "seller_staff")
    refusal(unseen, 400, "if_match_missing")
    refusal(await signing.draft(seen=0), 409, "version_mismatch")
    refusal(await signing.draft(role="buyer_staff"), 403, "not_yours")


async def test_pdf_and_docx_say_the_same(signing: SigningDesk) -> None:
    """ST33"""
    text = done(await signing.draft())
    path = "contract-texts/1/document"
    pdf = await signing.get(path, "buyer_staff")
    assert pdf.headers["content-type"] == "application/pdf"
    assert pdf.content.startswith(b"%PDF-")
    assert b"<pdfaid:part>2</pdfaid:part>" in pdf.content
    assert (await signing.get(path)).content == pdf.content
    docx = await signing.get(f"{path}?format=docx", "seller_staff")
    assert docx.headers["content-type"] == DOCX
    document = Document(io.BytesIO(docx.content))
    said = [paragraph.text for paragraph in document.paragraphs]
    for section in text["text"]["sections"]:
        for clause in section["clauses"]:
            assert f"第{clause['number']}条　{clause['title']}" in said
            assert set(clause["paragraphs"]) <= set(said)
    assert any("人民币730,000.00元（大写：人民币柒拾叁万元整）" in line for line in said)
    assert text["text_hash"] in document.sections[0].footer.paragraphs[0].text
    refusal(await signing.get(f"{path}?format=odt"), 422, "request_invalid")
    rare = parameters("transfer_patent")
    rare["subject"]["requirements"] = "由𠮷野研制"
    done(await signing.draft(given=rare))
    told = refusal(await signing.get("contract-texts/2/document"), 400, "glyph_missing")
    assert told["characters"] == ["𠮷"]
    assert (await signing.get("contract-texts/2/document?format=docx")).status_code == 200


async def test_both_sides_sign_the_deal(signing: SigningDesk) -> None:
    """ST35, ST40"""
    text = done(await signing.draft())
    once = done(await signing.sign(text))
    assert (once["deal_signed_at"], len(once["signatures"])) == (None, 1)
    refusal(await signing.sign(text), 409, "contract_text_side_signed")
    twice = done(await signing.sign(text, "buyer_staff", naming_consent=True))
    deal = await signing.deal()
    assert deal["signed_at"] == twice["deal_signed_at"] == deal["effective_at"]
    assert deal["signed_text_hash"] == text["text_hash"]
    assert [it["side"] for it in twice["signatures"]] == ["seller", "buyer"]
    types = [event.type for event in await signing.events()]
    assert types[-4:] == [
        "deal.text_signed",
        "deal.text_signed",
        "deal.signed",
        "deal.effective",
    ]
    refusal(await signing.sign(text), 409, "deal_signed")
    refusal(await signing.draft(), 409, "deal_signed")
    shown = done(await signing.get("contract-texts/1", "buyer_staff"))
    assert (len(shown["signatures"]), shown["signable"]) == (2, False)


async def test_what_was_signed_is_not_changed_behind_the_other_side(
    signing: SigningDesk, counter: Counter, deal_id: DealId
) -> None:
    """ST49: what only the registration asks may still be filled in."""
    text = done(await signing.draft())
    for role in ("seller_staff", "buyer_staff"):
        done(await signing.sign(text, role))
    told = refusal(await counter.fix(deal_id, 1, ends_on="2030-01-01"), 409, "contract_signed")
    assert told["accepted"] == {"ends_on": "2027-03-22"}
    done(await counter.fix(deal_id, 1, plan_source="outside_plan", related_party=True))


async def test_nobody_signs_for_another(signing: SigningDesk) -> None:
    """ST35, ST38"""
    text = done(await signing.draft())
    refusal(await signing.sign(text, "operator"), 403, "role_not_allowed")
    path = f"deals/{signing.deal_id}/contract-texts/1/signatures"
    body = {"text_hash": text["text_hash"], "signatory": "章启4", "capacity": "authorised"}
    outsider = signing.world.headers("buyer_staff", signing.world.other_buyer)
    answer = await signing.counter.client.post(
        f"/v1/{path}", json=body, headers=outsider | {"Idempotency-Key": str(new_id())}
    )
    refusal(answer, 403, "not_yours")
    told = refusal(await signing.sign(text, signatory="章启3"), 400, "signatory_unfit")
    assert (told["field"], told["accepted"]) == ("signatory", "陆景深")
    unshown = await signing.sign(text, capacity="authorised", signatory="何一苇")
    refusal(unshown, 400, "signatory_unfit")
    theirs = await signing.upload(b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF\n", "buyer_staff")
    agent: dict[str, Any] = {"capacity": "authorised", "signatory": "何一苇"}
    borrowed = await signing.sign(text, **agent, authorisation_file_id=theirs)
    refusal(borrowed, 404, "object_unknown")
    done(await signing.sign(text, "buyer_staff", **agent, authorisation_file_id=theirs))
    # The other side reads what it was signed with.
    read = await signing.counter.get(f"files/{theirs}", "seller_staff")
    assert read.status_code == 200


async def test_only_the_present_text_is_signed(signing: SigningDesk) -> None:
    """ST36, ST37"""
    first = done(await signing.draft())
    wrong = await signing.sign(first | {"text_hash": "0" * 64})
    told = refusal(wrong, 400, "contract_text_hash_differs")
    assert told["accepted"] == first["text_hash"]
    done(await signing.sign(first))
    done(await signing.counter.fix(signing.deal_id, 1, ends_on="2027-06-30"))
    refusal(await signing.sign(first, "buyer_staff"), 409, "contract_text_stale")
    assert done(await signing.get("contract-texts/1"))["signable"] is False
    second = done(await signing.draft(seen=2))
    told = refusal(await signing.sign(first, "buyer_staff"), 409, "contract_text_superseded")
    assert told["accepted"] == 2
    # The signature under the first version is kept and counts for nothing.
    done(await signing.sign(second, "buyer_staff"))
    assert (await signing.deal())["signed_at"] is None
    done(await signing.sign(second))
    assert (await signing.deal())["signed_at"] is not None


async def test_the_parties_own_contract_is_signed_by_its_files_hash(signing: SigningDesk) -> None:
    """ST33, ST37"""
    content = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF\n"
    headers = {"If-Match": '"1"'}

    async def own(file_id: str, role: str = "seller_staff") -> Any:
        body = {"file_id": file_id}
        return await signing.send("POST", "contract-texts/own", body, role, **headers)

    table = await signing.upload("甲,乙\n".encode(), name="表.csv")
    refusal(await own(table), 400, "contract_text_file_refused")
    file_id = await signing.upload(content)
    refusal(await own(file_id, "operator"), 404, "object_unknown")
    refusal(await own(file_id, "buyer_staff"), 403, "not_yours")
    text = done(await own(file_id))
    assert (text["kind"], text["text"], text["file_name"]) == ("uploaded", None, "合同.pdf")
    printed = await signing.get("contract-texts/1/document?format=docx", "buyer_staff")
    assert printed.content == content
    done(await signing.draft())
    told = refusal(
        await signing.get("contract-texts/2/changes"), 409, "contract_texts_incomparable"
    )
    assert told["uploaded"] == [1]
    again = done(await own(file_id))
    await signing.signed(again)
    assert (await signing.deal())["signed_text_hash"] == text["text_hash"]


async def test_a_signed_file_signs_for_its_side(signing: SigningDesk) -> None:
    """ST39"""
    text = done(await signing.draft())
    package = await signing.get("contract-texts/1/signing-package", "seller_staff")
    with zipfile.ZipFile(io.BytesIO(package.content)) as archive:
        told = json.loads(archive.read("manifest.json"))
        document = archive.read(told["document"]["name"])
    assert told["text_hash"] == text["text_hash"]
    assert told["sides"] == {"seller": "之澜理工大学", "buyer": "西溪智造有限公司"}
    body = {
        "text_hash": text["text_hash"],
        "signatory": "陆景深",
        "capacity": "legal_representative",
        "signed_file_id": await signing.upload(sign_pdf(document)),
        "certificate": {
            "provider": "之江电子签",
            "issuer": "浙江数字证书测试中心",
            "subject": "之澜理工大学",
            "serial_number": "5A00F1",
            "valid_from": "2026-01-01T00:00:00+08:00",
            "valid_to": "2027-01-01T00:00:00+08:00",
            "signed_at": text["drafted_at"],
        },
    }
    path = "contract-texts/1/signed-files"
    forged = body | {"signed_file_id": await signing.upload(b"%PDF-1.7\n%%EOF\n", name="伪.pdf")}
    refused = refusal(
        await signing.send("POST", path, forged, "seller_staff"), 400, "signed_file_unfit"
    )
    assert [error["rule"] for error in refused["errors"]] == ["not_the_text"]
    refusal(await signing.send("POST", path, body, "buyer_staff"), 404, "object_unknown")
    key = str(new_id())
    signed = done(
        await signing.send("POST", path, body, "seller_staff", **{"Idempotency-Key": key})
    )
    (signature,) = signed["signatures"]
    assert (signature["side"], signature["provider"]) == ("seller", "之江电子签")
    assert signature["evidence"]["digest_algorithm"] == "sha256"
    assert signature["evidence"]["certificate"]["serial_number"] == "5A00F1"
    again = await signing.send("POST", path, body, "seller_staff", **{"Idempotency-Key": key})
    assert (again.status_code, again.json()) == (201, signed)
    done(await signing.sign(text, "buyer_staff"))
    assert (await signing.deal())["signed_at"] is not None


async def test_the_clauses_of_a_type_are_public(counter: Counter) -> None:
    """ST30"""
    told = done(await counter.get("contract-clauses?contract_type=development_joint", "anonymous"))
    assert told["version"] == "2026-11"
    (risk,) = [clause for clause in told["clauses"] if clause["code"] == "risk"]
    assert risk["source"] == "民法典 858"
    assert "shared_by_ratio" in risk["parameters"][0]["values"]
    broad = await counter.get("contract-clauses?contract_type=licence", "anonymous")
    assert refusal(broad, 400, "contract_type_too_broad")["accepted"] == [
        "licence_patent",
        "licence_technical_secret",
    ]
    refusal(await counter.get("contract-clauses?contract_type=x", "anonymous"), 400, "code_unknown")
