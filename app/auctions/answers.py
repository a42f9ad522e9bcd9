"""What a bidder is told: an answer to store, and the signed receipt made from it."""

import json
from typing import Any
from uuid import UUID

from app.auctions.domain.judging import bounds
from app.auctions.service.place_bids import BidOutcome
from app.auctions.service.trail import BidCommand
from app.auctions.vault import Vault
from app.platform import problems
from app.platform.idempotency import Answer
from app.platform.signing import Signer
from app.shared.canonical import canonical_json
from app.shared.jsonable import jsonable
from app.shared.money import Money


def to_store(auction_id: UUID, command: BidCommand, outcome: BidOutcome, kid: str) -> Answer:
    """Return the answer without its signature, which is made anew from it at every telling.

    Three lines: key id, receipt in canonical form, body. They are stored with the effect, and
    Ed25519 is deterministic: a crash between commit and answer yields the same receipt. A secret
    amount is not in it.
    """
    receipt = {} if outcome.bid is None else _receipt(auction_id, outcome)
    if outcome.refusal is not None:
        status = problems.status_of(outcome.refusal)
        body = problems.domain_body(outcome.refusal, command.request_id)
    else:
        status = 201
        body = _more(outcome) | {key: receipt[key] for key in _SHOWN if key in receipt}
    signed = canonical_json(receipt) if receipt else b""
    text = json.dumps(body, ensure_ascii=False).encode()
    return Answer(status, {}, b"\n".join((kid.encode(), signed, text)))


def key_id(answer: Answer) -> str:
    """Return which key signs a stored answer's receipt."""
    return answer.body.partition(b"\n")[0].decode()


def to_send(answer: Answer, signer: Signer, vault: Vault) -> tuple[int, bytes, str]:
    """Return status, body and media type of a stored answer, with its receipt signed.

    Where the receipt shows a commitment, its salt is told to the bidder, and to nobody else.
    """
    kid, receipt, body = answer.body.split(b"\n")
    if receipt:
        more = {"receipt": signer.sign_canonical(kid.decode(), receipt)}
        if b'"commitment":' in receipt:
            more["salt"] = vault.salt(UUID(json.loads(receipt)["bid_id"])).hex()
        body = body[:-1] + b"," + json.dumps(more).encode()[1:]
    return answer.status, body, "application/json" if answer.status == 201 else problems.MEDIA_TYPE


_SHOWN = (
    "auction_id", "bid_id", "sequence", "bidder_code", "amount", "commitment", "judged_at",
)  # fmt: skip


def _more(outcome: BidOutcome) -> dict[str, Any]:
    """Return what an accepted command is told beside its receipt: how the auction stands."""
    bid, state = outcome.bid, outcome.state
    assert bid is not None
    minimum, maximum = bounds(state, bid.judged_at)
    return {
        "phase": str(bid.phase),
        "deadline_at": jsonable(state.deadline_at),
        "leader_code": state.leader,
        "leading": _amount(state.leading),
        "minimum_next": _amount(minimum),
        "maximum_next": _amount(maximum),
    }


def _amount(amount: Money | None) -> dict[str, str] | None:
    return None if amount is None else amount.as_json()


def _receipt(auction_id: UUID, outcome: BidOutcome) -> dict[str, Any]:
    """Return what is signed, as the JSON values that `jsonable` would give."""
    bid, place = outcome.bid, outcome.place
    assert bid is not None
    assert place is not None
    facts: dict[str, Any] = {
        "kind": "bid_receipt",
        "asked": bid.kind,
        "auction_id": str(auction_id),
        "bid_id": str(bid.id),
        "sequence": bid.sequence,
        "bidder_code": bid.bidder_code,
        "accepted": bid.refusal is None,
        "refusal": bid.refusal,
        "judged_at": jsonable(bid.judged_at),
        "chain_version": place.version,
        "chain_head": place.hash,
    }
    if bid.sealed is None:
        facts["amount"] = _amount(bid.amount)
    if outcome.commitment is not None:
        facts["commitment"] = outcome.commitment
    return facts
