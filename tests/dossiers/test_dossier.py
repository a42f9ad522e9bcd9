"""Dossiers over HTTP and by `zhepai verify`: made, kept, verified, and nothing in them changes."""

import io
import json
import zipfile
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from app.demo.api import Who
from app.dossiers.public import check_dossier as check
from app.dossiers.public import verify_archive
from app.platform.access import Role
from app.platform.signing import key_set
from tests.auctions.lot import BUYERS, OPERATOR, SELLER, Lot

pytestmark = pytest.mark.concurrency
AUDITOR = Who(Role.AUDITOR, "auditor")


async def sell(lot: Lot) -> None:
    """Let the lot's auction end and its listing be sold."""
    await lot.at(lot.opens_at + timedelta(minutes=1))
    assert (await lot.bid("buyer", 600_000)).status_code == 201
    await lot.at(lot.opens_at + timedelta(hours=2))
    await lot.api.post(OPERATOR, f"/v1/auctions/{lot.auction_id}/confirmation")
    await lot.listing_becomes("sold")


async def fetch(lot: Lot, who: Who) -> bytes:
    """Make a dossier and fetch its archive."""
    made = await lot.api.post(who, f"/v1/listings/{lot.listing['id']}/dossiers")
    fetched = await lot.api.send("GET", who, f"/v1/dossiers/{made['id']}/archive")
    assert fetched.status_code == 200
    assert fetched.headers["content-type"] == "application/zip"
    return fetched.content


def members(archive: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def packed(files: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


@pytest.fixture
async def archive(own_lot: Lot) -> bytes:
    """The operator's dossier of a sold lot."""
    await sell(own_lot)
    return await fetch(own_lot, OPERATOR)


def facts_changed(change: Callable[[Any], object]) -> Callable[[dict[str, bytes]], None]:
    def apply(files: dict[str, bytes]) -> None:
        facts = json.loads(files["dossier.json"])
        change(facts)
        files["dossier.json"] = json.dumps(facts).encode()

    return apply


BREACHES: dict[str, Callable[[dict[str, bytes]], Any]] = {
    "a fact": facts_changed(lambda facts: facts["listing"].update(floor=None)),
    "an event left out": facts_changed(lambda facts: facts["events"].pop()),
    "a notice left out": facts_changed(lambda facts: facts["notices"].clear()),
    "the report": lambda files: files.update({"report.pdf": files["report.pdf"] + b" "}),
    "the proof left out": lambda files: files.pop("proof.json"),
    "a file added": lambda files: files.update({"letter.txt": b"x"}),
    "another key": lambda files: files.update({"keys.json": b'{"keys": []}'}),
    "no manifest": lambda files: files.pop("manifest.jws"),
    "another manifest": lambda files: files.update({"manifest.jws": b"a.b.c"}),
}


async def test_a_dossier_verifies_offline_and_no_part_of_it_can_be_changed(
    own_lot: Lot, archive: bytes, tmp_path: Path
) -> None:
    """DS1, DS3"""
    path = tmp_path / "dossier.zip"
    path.write_bytes(archive)
    async with own_lot.database.transaction() as session:
        keys = await key_set(session)
    known = tmp_path / "keys.json"
    known.write_text(json.dumps(keys))
    text, holds = verify_archive(path, keys=known)
    assert holds, text
    assert "成立 / VERIFIED" in text
    assert verify_archive(path)[1]
    files = members(archive)
    assert files["report.pdf"].startswith(b"%PDF")
    report = check(archive, keys=keys)
    assert (report.notices, report.bids) == (1, 1)
    for name, breach in BREACHES.items():
        changed = dict(files)
        breach(changed)
        path.write_bytes(packed(changed))
        assert not verify_archive(path)[1], name
    path.write_bytes(b"no archive")
    assert not verify_archive(path)[1]
    known.write_text('{"keys": []}')
    path.write_bytes(archive)
    assert not verify_archive(path, keys=known)[1]


async def test_each_reader_gets_what_its_role_may_see(own_lot: Lot) -> None:
    """DS5"""
    archive = await fetch(own_lot, SELLER)
    assert check(archive).bids is None
    # While the bidding runs, nothing in the seller's copy tells who bids.
    plain = b"".join(members(archive).values()).decode("utf-8", "replace")
    assert not [name for name in BUYERS.values() if name in plain]
    assert str(own_lot.world.buyer) not in plain
    await sell(own_lot)
    full, sellers = [members(await fetch(own_lot, who)) for who in (AUDITOR, SELLER)]
    shown = {
        name: json.loads(files["dossier.json"])
        for name, files in (("auditor", full), ("seller", sellers))
    }
    assert all(event["restricted"] is not None for event in shown["auditor"]["events"])
    subjects = {
        name: {event["subject"] for event in facts["events"]} for name, facts in shown.items()
    }
    assert "registration" in subjects["auditor"]
    assert "registration" not in subjects["seller"]
    own = [event for event in shown["seller"]["events"] if event["type"] == "listing.drafted"]
    assert own[0]["restricted"]["terms"]["floor"]["amount"] == "600000.00"


async def test_a_dossier_is_kept_and_listed_for_whom_it_was_made(own_lot: Lot) -> None:
    first = await own_lot.api.post(SELLER, f"/v1/listings/{own_lot.listing['id']}/dossiers")
    again = await own_lot.api.post(OPERATOR, f"/v1/listings/{own_lot.listing['id']}/dossiers")
    path = f"/v1/listings/{own_lot.listing['id']}/dossiers"
    own = await own_lot.api.get(SELLER, path)
    assert [item["id"] for item in own["items"]] == [first["id"]]
    every = await own_lot.api.get(OPERATOR, f"{path}?limit=1")
    assert [item["id"] for item in every["items"]] == [again["id"]]
    rest = await own_lot.api.get(OPERATOR, f"{path}?cursor={every['next']}")
    assert [item["id"] for item in rest["items"]] == [first["id"]]
    denied = await own_lot.api.send("GET", SELLER, f"/v1/dossiers/{again['id']}/archive")
    assert denied.status_code == 403
