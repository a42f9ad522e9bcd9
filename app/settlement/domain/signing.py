"""Versions of a contract's text, and who signed which: 签署记录."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from app.settlement.domain.deal import TRANSITIONS, Deal, DealTrigger, Side
from app.settlement.domain.keeping import DealSigned
from app.settlement.domain.payment import same_name
from app.shared.errors import Conflict, NotFound, RuleBroken
from app.shared.ids import DealId, FileId, PartyId
from app.shared.transitions import advance


class Capacity(StrEnum):
    """As what a person signs for a side."""

    LEGAL_REPRESENTATIVE = "legal_representative"  # 法定代表人
    AUTHORISED = "authorised"  # 委托代理人, by a document
    IN_PERSON = "in_person"  # a natural person who is the party


class TextKind(StrEnum):
    """Where a text comes from."""

    GENERATED = "generated"  # written from the clauses
    UPLOADED = "uploaded"  # the parties' own document


class TextUnknown(NotFound):
    """The deal has no text of this number."""

    code = "contract_text_unknown"
    title_zh = "该成交没有此版本的合同文本"
    title_en = "The deal has no contract text of this number"


class TextFileRefused(RuleBroken):
    """The parties' own contract comes as PDF or docx."""

    code = "contract_text_file_refused"
    title_zh = "合同文本须为PDF或docx文件"
    title_en = "A contract text is a PDF or docx file"


class TextsIncomparable(Conflict):
    """Only generated texts have clauses to compare."""

    code = "contract_texts_incomparable"
    title_zh = "自备文本无法逐条比较"
    title_en = "An uploaded text cannot be compared by clause"


class TextSuperseded(Conflict):
    """A later version is there; only the last one is signed."""

    code = "contract_text_superseded"
    title_zh = "该合同文本已被新版本取代"
    title_en = "A later version of the text is there"


class TextStale(Conflict):
    """What the text was written from has changed; a new version is needed."""

    code = "contract_text_stale"
    title_zh = "合同信息已变更，须生成新版本文本"
    title_en = "The data behind the text have changed"


class TextHashDiffers(RuleBroken):
    """The hash sent is not that of the text."""

    code = "contract_text_hash_differs"
    title_zh = "文本摘要值与待签文本不一致"
    title_en = "This is not the hash of the text"


class SideSigned(Conflict):
    """A side signs a version once."""

    code = "contract_text_side_signed"
    title_zh = "本方已签署该版本"
    title_en = "This side has signed this version"


class SignatoryUnfit(RuleBroken):
    """The person cannot sign for the side in this capacity."""

    code = "signatory_unfit"
    title_zh = "签署人或签署身份不符合要求"
    title_en = "The signatory or the capacity does not fit"


@dataclass(frozen=True, slots=True, kw_only=True)
class TextVersion:
    """A version of a deal's text; never changed, kept for ever.

    Attributes:
        number: 1, 2, … within the deal.
        text_hash: Of a generated text that of its model, of an uploaded one that of the file.
        basis: Hash of what the exchange knew when it was made; see `text_facts.basis_of`.
        contract_version: The contract's data it was made from.
        parameters: What the parties agreed for its clauses.
        model: The text itself; ``None`` of an uploaded one.
        file_id, file_name, media_type: The uploaded document.
    """

    deal_id: DealId
    number: int
    kind: TextKind
    text_hash: str
    basis: str
    contract_version: int
    drafted_at: datetime
    drafted_by: str
    parameters: Mapping[str, Any]
    model: Mapping[str, Any] | None = None
    file_id: FileId | None = None
    file_name: str | None = None
    media_type: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """A side's signature under one version.

    Attributes:
        user: ``Actor.ref`` of who signed or brought the signed file.
        signatory: The person's name.
        authorisation_id: The document that authorises an agent.
        provider: ``account`` for a statement under the user's login, else the e-signature's.
        evidence: What the provider told: the certificate's facts, the file's hash.
        naming_consent: Of the buyer: its name may stand in the result notice.
    """

    side: Side
    party_id: PartyId
    user: str
    signatory: str
    capacity: Capacity
    text_hash: str
    signed_at: datetime
    provider: str
    authorisation_id: FileId | None = None
    signed_file_id: FileId | None = None
    evidence: Mapping[str, Any] | None = None
    naming_consent: bool = False


@dataclass(frozen=True, slots=True)
class Signatory:
    """Who signs, as stated."""

    name: str
    capacity: Capacity
    authorisation_id: FileId | None = None


def side_of(deal: Deal, party_id: PartyId) -> Side | None:
    """Return which side a party is; ``None`` if it is neither."""
    sides = {deal.seller_id: Side.SELLER, deal.buyer_id: Side.BUYER}
    return sides.get(party_id)


def check_signable(
    deal: Deal,
    text: TextVersion,
    signatures: Sequence[Signature],
    side: Side,
    *,
    newest: int,
    basis: str,
    text_hash: str,
) -> None:
    """Refuse a signature that would not bind, the deal's lock held.

    Args:
        newest: Number of the deal's last text.
        basis: What the exchange knows now.
        text_hash: What the signatory has read.

    Raises:
        TransitionRefused: The deal ended in default.
        DealSigned: Both have signed before.
        TextSuperseded, TextStale, TextHashDiffers, SideSigned: See there.

    Invariants: ST35, ST36, ST37.
    """
    advance(TRANSITIONS, state=deal.status, trigger=DealTrigger.SIGN)
    if deal.signed_at is not None:
        raise DealSigned("A contract is signed once.", signed_at=deal.signed_at)
    if text.number != newest:
        raise TextSuperseded("Read and sign the last version.", accepted=newest)
    if text.basis != basis:
        raise TextStale("Draft a new version from the present data.", number=text.number)
    if text.text_hash != text_hash:
        raise TextHashDiffers(
            "Sign the text that you have read.", field="text_hash", accepted=text.text_hash
        )
    if any(known.side is side for known in signatures):
        raise SideSigned("The other side's signature completes it.", side=str(side))


def check_signatory(
    signatory: Signatory, *, organisation: bool, party_name: str, representative: str | None
) -> None:
    """Refuse a person who cannot sign for a party in the stated capacity.

    Raises:
        SignatoryUnfit: Names the field and what would be accepted.

    Invariant: ST38. Source: 民法典 61, 162, 165.
    """
    fits = {Capacity.AUTHORISED} | (
        {Capacity.LEGAL_REPRESENTATIVE} if organisation else {Capacity.IN_PERSON}
    )
    if signatory.capacity not in fits:
        raise SignatoryUnfit(
            "An organisation is represented, a person signs in person or by an agent.",
            field="capacity",
            accepted=sorted(fits),
        )
    if signatory.capacity is Capacity.AUTHORISED:
        if signatory.authorisation_id is None:
            raise SignatoryUnfit(
                "An agent shows the authorisation.",
                field="authorisation_file_id",
                accepted="the id of a file of your party",
            )
        return
    known = representative if organisation else party_name
    if known is None or not same_name(signatory.name, known):
        raise SignatoryUnfit(
            "The name is not the one on record; mend the party's data or sign as authorised.",
            field="signatory",
            accepted=known,
        )
    if signatory.authorisation_id is not None:
        raise SignatoryUnfit(
            "Only an agent is authorised by a document.",
            field="authorisation_file_id",
            accepted=None,
        )


def check_comparable(
    earlier: TextVersion, later: TextVersion
) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Return the models of two generated texts.

    Raises:
        TextsIncomparable: One was uploaded; names it.
    """
    if earlier.model is None or later.model is None:
        uploaded = [text.number for text in (earlier, later) if text.model is None]
        raise TextsIncomparable("It has no clauses here.", uploaded=uploaded)
    return earlier.model, later.model
