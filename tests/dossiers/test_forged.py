"""Dossiers that are signed by the right key, but leave out or exchange what they tell."""

import copy
import io
import zipfile
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from joserfc import jws
from joserfc.jwk import OKPKey

from app.dossiers.domain.form import EvidenceBroken, by_subject, head_of, link_of, statement
from app.dossiers.verify import check, verify_archive
from app.platform.signing import ALGORITHM
from app.shared.canonical import GENESIS, canonical_json, chain_hash, salted_digest

Json = dict[str, Any]
KEY = OKPKey.generate_key("Ed25519", parameters={"kid": "k"})
KEYS: Json = {"keys": [KEY.as_dict(private=False)]}
AT = "2026-03-02T01:00:00Z"
LISTING, ACHIEVEMENT, AUCTION, EVALUATION, OTHER = (str(UUID(int=value)) for value in range(1, 6))


def signed(payload: Json) -> str:
    return jws.serialize_compact(
        {"alg": ALGORITHM, "kid": "k"}, canonical_json(payload), KEY, algorithms=[ALGORITHM]
    )


def events(subject: str, subject_id: str, *types: str) -> list[Json]:
    found: list[Json] = []
    head = GENESIS
    for version, kind in enumerate(types, start=1):
        event: Json = {
            "subject": subject,
            "subject_id": subject_id,
            "subject_version": version,
            "type": f"{subject}.{kind}",
            "market_at": AT,
            "recorded_at": AT,
            "public": {},
            "restricted_digest": salted_digest({}, b"0" * 16),
            "restricted": None,
            "restricted_salt": None,
        }
        head = chain_hash(head, link_of(event))
        found.append(event | {"hash": head})
    return found


def evaluation(of: str = ACHIEVEMENT, named: str = EVALUATION) -> Json:
    content = {"evaluation_id": named, "subject": {"achievement_id": of}}
    return {"id": EVALUATION, "jws": signed(content)}


def told() -> Json:
    """Return the facts of a listing with an evaluated result and an auction that runs."""
    listing = {"id": LISTING, "number": "ZP-1", "title": "检测方法", "status": "closed"}
    return {
        "listing": listing | {"achievement_id": ACHIEVEMENT, "auction_id": AUCTION},
        "notices": [],
        "evaluations": [evaluation()],
        "valuations": [],
        "deals": [],
        "events": [
            *events("listing", LISTING, "drafted"),
            *events("achievement", ACHIEVEMENT, "submitted", "accepted"),
            *events("evaluation", EVALUATION, "opened", "concluded"),
            *events("auction", AUCTION, "scheduled", "opened"),
        ],
    }


def archive(facts: Json, **of: str) -> bytes:
    """Return a dossier whose manifest is right in form."""
    files = {
        "dossier.json": canonical_json(facts),
        "keys.json": canonical_json(KEYS),
        "report.pdf": b"%PDF",
    }
    chains = by_subject(facts["events"])
    manifest = statement(
        dossier_id=OTHER,
        listing_id=of.get("listing_id", LISTING),
        listing_number=of.get("number", "ZP-1"),
        made_at=AT,
        made_for="operator",
        files={name: sha256(content).hexdigest() for name, content in files.items()},
        heads={subject: head_of(subject, chain) for subject, chain in chains.items()},
    )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in {**files, "manifest.jws": signed(manifest).encode()}.items():
            packed.writestr(name, content)
    return out.getvalue()


def without(subject: str) -> Callable[[Json], object]:
    def leave_out(facts: Json) -> None:
        facts["events"] = [event for event in facts["events"] if event["subject"] != subject]

    return leave_out


def end(facts: Json) -> None:
    without("auction")(facts)
    facts["events"] += events("auction", AUCTION, "scheduled", "opened", "awarded")


FORGERIES: dict[str, Callable[[Json], object]] = {
    "the proof of an ended auction left out": end,
    "the listing's events left out": without("listing"),
    "the auction's events left out": without("auction"),
    "the evaluation's events left out": without("evaluation"),
    "the evaluation of another result": lambda facts: facts.update(
        evaluations=[evaluation(of=OTHER)]
    ),
    "another evaluation in its place": lambda facts: facts.update(
        evaluations=[evaluation(named=OTHER)]
    ),
    "an evaluation told twice": lambda facts: facts["evaluations"].append(evaluation()),
    "the valuation of another result": lambda facts: facts.update(
        valuations=[{"id": OTHER, "jws": signed({"valuation_id": OTHER, "subject": {}})}]
    ),
    "an event told twice": lambda facts: facts["events"].append(facts["events"][0]),
    "another listing's facts": lambda facts: facts["listing"].update(number="ZP-2"),
    "facts without a form": lambda facts: facts.pop("notices"),
}


def test_what_is_whole_verifies() -> None:
    """DS1, DS2, DS3"""
    report = check(archive(told()), keys=KEYS)
    assert (report.events, report.appraisals, report.bids) == (7, 1, None)


@pytest.mark.parametrize("name", FORGERIES)
def test_what_was_left_out_or_exchanged_is_found_though_it_is_signed(name: str) -> None:
    """DS1, DS2, DS3"""
    facts = copy.deepcopy(told())
    FORGERIES[name](facts)
    with pytest.raises(EvidenceBroken):
        check(archive(facts), keys=KEYS)


def test_a_manifest_of_another_listing_is_refused() -> None:
    """DS1"""
    with pytest.raises(EvidenceBroken):
        check(archive(told(), listing_id=OTHER), keys=KEYS)


def test_no_damage_of_the_bytes_is_a_failure_of_the_tool(tmp_path: Path) -> None:
    """DS1"""
    whole, path = archive(told()), tmp_path / "dossier.zip"
    for place in range(0, len(whole), 7):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :])
        verify_archive(path, keys=None)  # tells, never raises
