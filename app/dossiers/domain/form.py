"""The published form of a dossier: its files, what is signed, and the chains of its events."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from app.shared.canonical import GENESIS, chain_hash, salted_digest

FORMAT: Final = "zhepai-dossier/1"
FACTS_FILE: Final = "dossier.json"
REPORT_FILE: Final = "report.pdf"
KEYS_FILE: Final = "keys.json"
PROOF_FILE: Final = "proof.json"
GUIDE_FILE: Final = "README.txt"
MANIFEST_FILE: Final = "manifest.jws"

# After these an auction can be proved; none of them is ever taken back.
ENDED: Final = frozenset(
    f"auction.{what}" for what in ("awarded", "failed", "confirmed", "cancelled", "annulled")
)

Json = Mapping[str, Any]


class EvidenceBroken(Exception):
    """A dossier does not show what it says.

    Args:
        zh, en: What does not hold.
        where: Which file, subject or notice.
    """

    def __init__(self, zh: str, en: str, *, where: str = "") -> None:
        super().__init__(en)
        self.zh, self.en, self.where = zh, en, where

    def text(self) -> str:
        """Return it for people, Chinese first."""
        return f"{self.where}: {self.zh} / {self.en}" if self.where else f"{self.zh} / {self.en}"


def has_ended_auction(facts: Json) -> bool:
    """Tell whether the events show that the listing's auction has ended, so that it is proved.

    Invariants: DS3, DS5.
    """
    auction_id = facts["listing"]["auction_id"]
    return auction_id is not None and any(
        event["subject_id"] == auction_id and event["type"] in ENDED for event in facts["events"]
    )


def link_of(event: Json) -> dict[str, Any]:
    """Return what the journal's chain covers of an event."""
    names = ("subject", "subject_id", "subject_version", "type", "market_at", "public")
    return {name: event[name] for name in names} | {"restricted_digest": event["restricted_digest"]}


def by_subject(events: Iterable[Json]) -> dict[str, list[Json]]:
    """Return the events of each subject, in the order of their versions."""
    found: dict[str, list[Json]] = defaultdict(list)
    for event in events:
        found[event["subject_id"]].append(event)
    return {
        subject: sorted(chain, key=lambda event: int(event["subject_version"]))
        for subject, chain in found.items()
    }


def head_of(subject_id: str, chain: Sequence[Json]) -> str:
    """Return the head of a subject's whole chain, recomputed.

    Raises:
        EvidenceBroken: A version is missing, a hash or a restricted part does not fit.

    Invariant: DS2.
    """
    head = GENESIS
    for version, event in enumerate(chain, start=1):
        where = f"{event['subject']} {subject_id} @{event['subject_version']}"
        if event["subject_version"] != version:
            raise EvidenceBroken("缺少事件", "an event is missing", where=where)
        if event["restricted"] is not None:
            salt = bytes.fromhex(event["restricted_salt"])
            if salted_digest(event["restricted"], salt) != event["restricted_digest"]:
                raise EvidenceBroken(
                    "未公开部分与摘要不符", "the restricted part differs", where=where
                )
        head = chain_hash(head, link_of(event))
        if event["hash"] != head:
            raise EvidenceBroken("事件链不连续", "the chain does not follow", where=where)
    return head


def statement(
    *,
    dossier_id: str,
    listing_id: str,
    listing_number: str,
    made_at: str,
    made_for: str,
    files: Mapping[str, str],
    heads: Mapping[str, str],
) -> dict[str, Any]:
    """Return what the exchange signs of a dossier.

    Args:
        files: SHA-256 of every other file of the archive, by name.
        heads: Chain head of every subject that the dossier tells of.

    Invariant: DS1.
    """
    return {
        "format": FORMAT,
        "dossier_id": dossier_id,
        "listing_id": listing_id,
        "listing_number": listing_number,
        "made_at": made_at,
        "made_for": made_for,
        "files": dict(sorted(files.items())),
        "heads": dict(sorted(heads.items())),
    }
