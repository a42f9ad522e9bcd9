"""An exchange on paper: journals auctions as the service does, without a database.

It has a key of its own, so that tests can also play an exchange that rewrites its books.
"""

import copy
import hashlib
import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from joserfc.jwk import OKPKey

from app.auctions.domain import control
from app.auctions.domain.formats import RULES
from app.auctions.domain.formats.sealed import Sealed
from app.auctions.domain.judging import due, end_phase, has_deadline, judge
from app.auctions.domain.model import (
    Act,
    AuctionStatus,
    Bid,
    BiddingState,
    Origin,
    PhaseChange,
    SetLimit,
    Trigger,
)
from app.auctions.domain.room import changes, room
from app.auctions.domain.terms import PriorityMode, Terms
from app.auctions.proof.form import FORMAT, fold, link_of, statement
from app.auctions.proof.replay_phases import TYPES
from app.platform.secrets import Box
from app.platform.signing import ALGORITHM, Signer, _b64
from app.shared.canonical import GENESIS, chain_hash, salted_digest
from app.shared.jsonable import jsonable
from app.shared.money import Money
from tests.auctions.commands import OPENS, Command, scheduled

AUCTION: Final = "0192f0c1-2b3c-7d4e-8f50-6172839405a6"
LISTING: Final = "0192f0c1-2b3c-7d4e-8f50-6172839405a7"


def key_pair(seed: str) -> tuple[Signer, str, dict[str, Any]]:
    """Return a signer, its key's id and its JWKS, the same for the same seed."""
    private = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(seed.encode()).digest())
    public = private.public_key()
    kid = OKPKey.import_key(public).thumbprint()
    jwk = {"kty": "OKP", "crv": "Ed25519", "x": _b64(public.public_bytes_raw())}
    signer = Signer(Box(bytes(32)))
    signer._remember(kid, private)
    return signer, kid, {"keys": [{**jwk, "kid": kid, "alg": ALGORITHM, "use": "sig"}]}


SIGNER, KID, JWKS = key_pair("exchange")


def salt_of(name: object) -> bytes:
    return hashlib.sha256(f"salt {name}".encode()).digest()[:16]


def id_of(sequence: int) -> str:
    return str(uuid.uuid5(uuid.UUID(AUCTION), str(sequence)))


@dataclass
class Paper:
    """One auction on paper.

    Attributes:
        receipts: What bidders got, by the command's sequence: payload, before it is signed.
        heads: Published after every so many events.
    """

    terms: Terms
    ranks: dict[str, int] = field(default_factory=dict)
    reserve: Money | None = None
    heads_every: int = 5
    state: BiddingState = field(init=False)
    events: list[dict[str, Any]] = field(default_factory=list)
    reveals: list[dict[str, Any]] = field(default_factory=list)
    heads: list[dict[str, Any]] = field(default_factory=list)
    receipts: dict[int, dict[str, Any]] = field(default_factory=dict)
    points: dict[str, tuple[int, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.state = scheduled(self.terms)
        self._journal("auction.scheduled", {}, OPENS - timedelta(days=9))
        announced = {**self._facts(), "room": {}}
        del announced["id"]
        self._journal("auction.announced", announced, OPENS - timedelta(days=8))
        if self.reserve is not None:
            commitment = salted_digest({"amount": self.reserve.as_json()}, salt_of("reserve"))
            public = {"listing_id": LISTING, "commitment": commitment, "room": {}}
            self._journal("auction.reserve_deposited", public, OPENS - timedelta(days=1))

    def _facts(self) -> dict[str, Any]:
        return {
            "id": AUCTION,
            "listing_id": LISTING,
            "title": "一种精密减速器",
            "opens_at": jsonable(OPENS),
            "terms": self.terms.as_json(),
            "licence": None,
            "rerun_of": None,
        }

    def _journal(self, kind: str, public: Mapping[str, Any], at: datetime) -> dict[str, Any]:
        version = len(self.events) + 1
        restricted = {"actor": "system", "version": version}
        salt = salt_of(f"event {version}")
        event = {
            "version": version,
            "type": kind,
            "market_at": jsonable(at),
            "public": jsonable(public),
            "restricted_digest": salted_digest(restricted, salt),
        }
        previous = self.events[-1]["hash"] if self.events else GENESIS
        event["hash"] = chain_hash(previous, link_of(AUCTION, event))
        self.events.append({**event, "restricted": restricted, "salt": salt.hex()})
        if version % self.heads_every == 0:
            self.publish_head()
        return event

    def publish_head(self) -> None:
        last = self.events[-1]
        head = {"auction_id": AUCTION, "version": last["version"], "hash": last["hash"]}
        if head not in self.heads:
            self.heads.append(head)

    # What the service does

    def bring_up_to(self, now: datetime) -> None:
        while due(self.state, now):
            self._publish(*end_phase(self._full()))

    def _full(self) -> BiddingState:
        entries = tuple(
            replace(entry, points=self.points.get(entry.bidder)) for entry in self.state.entries
        )
        return replace(self.state, ranks=self.ranks, reserve=self.reserve, entries=entries)

    def _publish(self, after: BiddingState, change: PhaseChange) -> None:
        before, state = self.state, replace(after, ranks={}, reserve=None)
        public: dict[str, Any] = {"status": change.status, **(change.detail or {})}
        if change.trigger in {Trigger.AWARD, Trigger.FAIL, Trigger.MATCH}:
            public |= {"bidder_code": state.leader, "price": state.leading}
        if change.trigger is Trigger.FAIL:
            silent = state.bid_count == 0
            public |= {"silent": silent, "silent_forfeits": silent and self.terms.silent_forfeits}
        if change.trigger in {Trigger.AWARD, Trigger.FAIL}:
            if self.reserve is not None:
                public |= {"reserve": self.reserve, "reserve_salt": salt_of("reserve").hex()}
            if self.terms.priority_mode is not PriorityMode.NONE:
                public["ranks"] = [
                    {"bidder_code": code, "rank": rank, "waived_at": None}
                    for code, rank in self.ranks.items()
                ]
        if change.acts:
            first = state.judged_count - len(change.acts) + 1
            public["bids"] = [_act(first + i, act) for i, act in enumerate(change.acts)]
        if "openings" in public:
            public["openings"] = [
                {**told, "id": id_of(told["sequence"]), "salt": salt_of(told["sequence"]).hex()}
                for told in public["openings"]
            ]
        self._move(TYPES[change.trigger], public, change.at, before, state)

    def _move(
        self,
        kind: str,
        public: Mapping[str, Any],
        at: datetime,
        before: BiddingState,
        after: BiddingState,
    ) -> None:
        self.state = after
        patch = changes(room(before), room(after))
        self._journal(kind, {"listing_id": LISTING, **public, "room": patch}, at)

    def judge(self, commands: Sequence[Command], now: datetime) -> None:
        """Judge commands that came together, in one event unless one of them ends a phase."""
        self.bring_up_to(now)
        waiting: list[dict[str, Any]] = []
        pending: list[dict[str, Any]] = []
        since = self.state
        for command in commands:
            judged = judge(replace(self.state, ranks=self.ranks), command, now)
            row, receipt = self._row(command, judged.acts, judged.refusal, now)
            first = row["sequence"]
            self.state = replace(judged.state, ranks={})
            acts = judged.acts[1:] if isinstance(command, Bid) else judged.acts
            waiting += [row, *(_act(first + i, act) for i, act in enumerate(acts, start=1))]
            pending.append(receipt)
            if due(self.state, now):
                self._flush(waiting, pending, since, now)
                waiting, pending = [], []
                self.bring_up_to(now)
                since = self.state
        if waiting:
            self._flush(waiting, pending, since, now)

    def _flush(
        self,
        rows: list[dict[str, Any]],
        pending: list[dict[str, Any]],
        since: BiddingState,
        now: datetime,
    ) -> None:
        patch = changes(room(since), room(self.state))
        event = self._journal("auction.bids_judged", {"bids": rows, "room": patch}, now)
        for receipt in pending:
            receipt |= {"chain_version": event["version"], "chain_head": event["hash"]}
            self.receipts[receipt["sequence"]] = receipt

    def _row(
        self, command: Command, acts: Sequence[Act], refusal: Any, now: datetime
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        sequence = self.state.judged_count + 1
        is_limit = isinstance(command, SetLimit)
        origin = command.origin if isinstance(command, Bid) else Origin.BIDDER
        secret = is_limit or (self.terms.sealing is not None and origin is not Origin.MATCH)
        amount = command.amount if refusal is not None or secret else acts[0].amount
        row: dict[str, Any] = {"id": id_of(sequence), "sequence": sequence}
        if is_limit:
            row["kind"] = "limit"
        content = {"amount": jsonable(amount)}
        if refusal is not None:
            row |= {"refusal": refusal.code}
            if origin is not Origin.BIDDER:
                row["origin"] = str(origin)
            content["bidder_code"] = command.bidder
        else:
            row["bidder_code"] = command.bidder
        hidden = refusal is not None or secret
        if hidden:
            row["commitment"] = salted_digest(content, salt_of(sequence))
            kind = {"kind": "limit"} if is_limit else {}
            self.reveals.append(
                {
                    "id": row["id"],
                    "sequence": sequence,
                    **kind,
                    "bidder_code": command.bidder,
                    "amount": jsonable(amount),
                    "salt": salt_of(sequence).hex(),
                }
            )
        else:
            row |= {"amount": jsonable(amount), "origin": str(origin)}
        receipt = {
            "kind": "bid_receipt",
            "asked": "limit" if is_limit else "bid",
            "auction_id": AUCTION,
            "bid_id": row["id"],
            "sequence": sequence,
            "bidder_code": command.bidder,
            "accepted": refusal is None,
            "refusal": None if refusal is None else refusal.code,
            "judged_at": jsonable(now),
        }
        if not secret:
            receipt["amount"] = jsonable(amount)
        if hidden:
            receipt["commitment"] = row["commitment"]
        return row, receipt

    def pause(self, now: datetime, *, resumes_at: datetime) -> None:
        """Interrupt it and announce the resumption."""
        self.bring_up_to(now)
        paused = control.pause(self.state, at=now)
        self._move("auction.paused", {"reason": "检修"}, now, self.state, paused)
        announced = control.announce_resumption(
            paused,
            resumes_at=resumes_at,
            now=now,
            notice=timedelta(seconds=self.terms.resumption_notice_s),
        )
        public = {"reason": "检修", "resumes_at": resumes_at}
        self._move("auction.resumption_announced", public, now, paused, announced)

    def fault(self, absence: tuple[datetime, datetime], now: datetime) -> bool:
        """Look whether the exchange's absence pauses the phase that is over; tell if it does."""
        paused = control.fault_pause(self.state, [absence], now=now)
        if paused is None:
            return False
        notice = timedelta(seconds=self.terms.resumption_notice_s)
        resumes_at = now + notice
        announced = control.announce_resumption(
            paused, resumes_at=resumes_at, now=now, notice=notice
        )
        public = {"reason": "fault", "resumes_at": resumes_at, "absences": [absence]}
        self._move("auction.paused", public, now, self.state, announced)
        return True

    def confirm(self, now: datetime, *, standby: Sequence[str]) -> None:
        """Sell to the winner; who stands by is given."""
        public = {
            "bidder_code": self.state.leader,
            "price": self.state.leading,
            "standby": list(standby),
        }
        after = replace(self.state, status=AuctionStatus.CONFIRMED)
        self._move("auction.confirmed", public, now, self.state, after)

    def default(self, now: datetime) -> None:
        """Let the buyer default."""
        after = replace(self.state, status=AuctionStatus.OFFERING)
        self._move("auction.defaulted", {}, now, self.state, after)

    def opt_in(self, now: datetime, bidder: str, price: Money) -> None:
        """Sell to a bidder on standby."""
        after = replace(self.state, status=AuctionStatus.CONFIRMED, leader=bidder, leading=price)
        public = {"bidder_code": bidder, "price": price}
        self._move("auction.opted_in", public, now, self.state, after)

    def cancel(self, now: datetime) -> None:
        self.bring_up_to(now)
        after = control.cancel(self.state, at=now)
        self._move("auction.cancelled", {"reason": "撤回"}, now, self.state, after)

    def finish(self) -> None:
        """Let time run until the auction has ended; score and open where that is due."""
        while has_deadline(self.state):
            self.bring_up_to(self.state.deadline_at)
        if self.state.status is AuctionStatus.OPENING:
            now = self.state.deadline_at + timedelta(hours=1)
            codes = sorted(entry.bidder for entry in self.state.entries)
            count = len(self.terms.criteria or ())
            self.points = {
                code: tuple(salt_of(f"{code} {i}")[0] % 101 for i in range(count)) for code in codes
            }
            public = {"listing_id": LISTING, "points": self.points, "room": {}}
            self._journal("auction.scored", public, now)
            rules = RULES[self.terms.format]
            assert isinstance(rules, Sealed)
            self._publish(*rules.open_bids(self._full(), at=now))
        self.publish_head()

    # What it gives out

    def bundle(self, audience: str = "public") -> dict[str, Any]:
        """Return the signed bundle, its parts shared with nothing."""
        is_auditor = audience == "auditor"
        shown = jsonable(room(self.state))
        sealed_away = self.state.status is AuctionStatus.CANCELLED and self.terms.sealing
        content = {
            "format": FORMAT,
            "audience": audience,
            "auction": self._facts(),
            "events": [
                {
                    name: value
                    for name, value in event.items()
                    if is_auditor or name not in {"restricted", "salt"}
                }
                for event in self.events
            ],
            "reveals": [
                reveal
                for reveal in self.reveals
                if (is_auditor if reveal.get("kind") == "limit" else not sealed_away)
            ],
            "heads": [{"version": h["version"], "hash": h["hash"]} for h in self.heads],
            "result": {
                "status": shown["status"],
                "bidder_code": shown["leader_code"],
                "price": shown["leading"],
            },
            "keys": JWKS,
        }
        return signed(copy.deepcopy(content))

    def receipt(self, sequence: int) -> str:
        return SIGNER.sign(KID, self.receipts[sequence])


def _act(sequence: int, act: Act) -> dict[str, Any]:
    return {
        "id": id_of(sequence),
        "sequence": sequence,
        "bidder_code": act.bidder,
        "amount": jsonable(act.amount),
        "origin": str(act.origin),
    }


def signed(bundle: dict[str, Any], *, signer: Signer = SIGNER, kid: str = KID) -> dict[str, Any]:
    """Sign a bundle, whatever is in it."""
    last: Any = bundle["events"][-1] if bundle["events"] else {"version": 0, "hash": GENESIS}
    told = statement(
        audience=bundle["audience"],
        auction=bundle["auction"],
        chain=(last["version"], last["hash"]),
        reveals=fold(bundle["reveals"]),
        heads=bundle["heads"],
        result=bundle["result"],
        keys=bundle["keys"],
    )
    return {**bundle, "signature": signer.sign(kid, told)}


def rechained(bundle: dict[str, Any]) -> dict[str, Any]:
    """Give the events the versions and hashes that follow from their order and content."""
    head = GENESIS
    for version, event in enumerate(bundle["events"], start=1):
        event["version"] = version
        if "restricted" in event:
            event["restricted_digest"] = salted_digest(
                event["restricted"], bytes.fromhex(event["salt"])
            )
        head = event["hash"] = chain_hash(head, link_of(bundle["auction"]["id"], event))
    return bundle


def clone(bundle: dict[str, Any]) -> dict[str, Any]:
    copied: dict[str, Any] = json.loads(json.dumps(bundle))
    return copied
