"""What a bidder is told: an answer to store, and the signed receipt made from it."""

import json
from typing import Any
from uuid import UUID

from app.auctions.service.place_bids import BidCommand, BidOutcome
from app.platform import problems
from app.platform.idempotency import Answer
from app.platform.signing import Signer
from app.shared.jsonable import jsonable


def to_store(auction_id: UUID, command: BidCommand, outcome: BidOutcome, kid: str) -> Answer:
    """Return the answer without its signature, which is made anew from it at every telling.

    Payload and key id are stored with the effect, and Ed25519 is deterministic: a crash
    between commit and answer yields the same receipt.
    """
    if outcome.refusal is not None:
        status = problems.status_of(outcome.refusal)
        answer = problems.domain_body(outcome.refusal, command.request_id)
    else:
        status = 201
        answer = _accepted(auction_id, outcome)
    receipt = None if outcome.bid is None else _receipt(auction_id, outcome)
    stored = {"answer": answer, "receipt": receipt, "kid": kid}
    return Answer(status, {}, json.dumps(stored, ensure_ascii=False).encode())


def key_id(answer: Answer) -> str:
    """Return which key signs a stored answer's receipt."""
    kid: str = json.loads(answer.body)["kid"]
    return kid


def to_send(answer: Answer, signer: Signer) -> tuple[int, bytes, str]:
    """Return status, body and media type of a stored answer, with its receipt signed."""
    stored = json.loads(answer.body)
    body = stored["answer"]
    if stored["receipt"] is not None:
        body["receipt"] = signer.sign(stored["kid"], stored["receipt"])
    media_type = "application/json" if answer.status == 201 else problems.MEDIA_TYPE
    return answer.status, json.dumps(body, ensure_ascii=False).encode(), media_type


def _accepted(auction_id: UUID, outcome: BidOutcome) -> dict[str, Any]:
    bid = outcome.bid
    assert bid is not None
    result: dict[str, Any] = jsonable(
        {
            "auction_id": auction_id,
            "bid_id": bid.id,
            "sequence": bid.sequence,
            "bidder_code": bid.bidder_code,
            "amount": bid.amount,
            "phase": bid.phase,
            "judged_at": bid.judged_at,
            "deadline_at": outcome.state.deadline_at,
            "minimum_next": outcome.state.minimum_next,
        }
    )
    return result


def _receipt(auction_id: UUID, outcome: BidOutcome) -> dict[str, Any]:
    bid, place = outcome.bid, outcome.place
    assert bid is not None
    assert place is not None
    result: dict[str, Any] = jsonable(
        {
            "kind": "bid_receipt",
            "auction_id": auction_id,
            "bid_id": bid.id,
            "sequence": bid.sequence,
            "bidder_code": bid.bidder_code,
            "amount": bid.amount,
            "accepted": bid.refusal is None,
            "refusal": bid.refusal,
            "judged_at": bid.judged_at,
            "chain_version": place.version,
            "chain_head": place.hash,
        }
    )
    return result
