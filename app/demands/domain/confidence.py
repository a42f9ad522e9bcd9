"""Confidentiality 保密承诺: the text that is accepted before a demand's restricted part is read."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from app.demands.domain.content import Answerer, Confidentiality
from app.demands.domain.demand import Demand, DemandStatus
from app.shared.canonical import digest, salted_digest
from app.shared.errors import Conflict, Forbidden
from app.shared.ids import DemandId, PartyId

CONFIDENTIALITY_TEXT: Final = """保密承诺

一、本单位（本人）阅读本需求的保密部分，仅用于判断是否揭榜以及编制揭榜方案。
二、未经发榜方书面同意，不向第三方披露保密部分的内容，也不用于其他研发、申请知识产权或经营活动。
三、确需知悉的内部人员由本单位（本人）告知上述义务，并对其行为负责。
四、未中榜的，自结果公告之日起不再使用保密部分的内容，并按发榜方要求删除或退还所取得的材料。
五、以下内容不受本承诺限制：已经公开的；本单位（本人）此前已经合法掌握并有记录的；依法必须提供的。
六、本承诺自接受之日起生效，期限五年，不因揭榜失败或者退出而终止。
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfidenceGiven:
    """That a party accepted a demand's confidentiality.

    Attributes:
        text_hash: Of the text that it accepted.
        salt: 16 bytes, hex; with it the digest in the journal can be recomputed.
    """

    id: UUID
    demand_id: DemandId
    party_id: PartyId
    text_hash: str
    salt: str
    accepted_at: datetime
    accepted_by: str

    @property
    def journaled_digest(self) -> str:
        """What the journal keeps of it before anybody may know who it was."""
        told = {
            "demand_id": str(self.demand_id),
            "party_id": str(self.party_id),
            "text_hash": self.text_hash,
        }
        return salted_digest(told, bytes.fromhex(self.salt))


class NotAnAnswerer(Forbidden):
    """The party may not answer this demand, so it neither asks nor reads what answerers read."""

    code = "not_an_answerer"
    title_zh = "贵单位（您）不属于本需求的揭榜对象"
    title_en = "This party may not answer the demand"


class NothingConfidential(Conflict):
    """Everything that the demand says is public."""

    code = "nothing_confidential"
    title_zh = "该需求没有保密内容"
    title_en = "The demand has no restricted part"


class ConfidenceDiffers(Conflict):
    """The accepted hash is not that of this demand's text."""

    code = "confidence_differs"
    title_zh = "所接受的文本与本需求的保密承诺不一致"
    title_en = "The accepted text is not this demand's"


class ConfidenceAccepted(Conflict):
    """A party accepts once."""

    code = "confidence_accepted"
    title_zh = "贵单位（您）已接受保密承诺"
    title_en = "Your party has accepted already"


class ConfidenceClosed(Conflict):
    """The demand does not take proposals, so nobody needs its restricted part."""

    code = "confidence_closed"
    title_zh = "该需求当前不接受揭榜"
    title_en = "The demand takes no proposals now"


class RestrictedFilesFixed(Conflict):
    """What a posting promises is frozen with it, and a public demand has nothing to restrict."""

    code = "restricted_files_fixed"
    title_zh = "保密附件只能在限制公开的需求发榜前设置"
    title_en = "Files of the restricted part are set before the posting of a restricted demand"


# Before its posting, and between two of them.
FILES_SET: Final = frozenset(
    {
        DemandStatus.DRAFT,
        DemandStatus.SUBMITTED,
        DemandStatus.DIAGNOSING,
        DemandStatus.RETURNED,
        DemandStatus.REVIEWED,
    }
)


def check_setting_files(demand: Demand) -> None:
    """Refuse to change files of the restricted part once others rely on them.

    Raises:
        RestrictedFilesFixed: The demand is public, or was posted.

    Invariant: DM34.
    """
    public = demand.content.confidentiality is Confidentiality.PUBLIC
    if public or demand.status not in FILES_SET:
        raise RestrictedFilesFixed(
            "Set them before the posting.", state=str(demand.status), accepted=sorted(FILES_SET)
        )


def confidence_hash(demand: Demand) -> str:
    """Return what is accepted: the hash of the text, the demand and its poster.

    SHA-256 of the RFC 8785 form. Invariant: DM31.
    """
    return digest(
        {
            "demand_id": str(demand.id),
            "poster_id": str(demand.party_id),
            "text": CONFIDENTIALITY_TEXT,
        }
    )


def check_answerer(demand: Demand, party_id: PartyId, *, is_person: bool) -> None:
    """Refuse a party that may not answer a demand.

    An organisation may, alone or within a consortium; a person alone, where persons may.

    Raises:
        NotAnAnswerer: It is the poster, or of a kind that was not admitted.

    Invariants: DM29, DM31. Source: rules.md section 4.
    """
    if party_id == demand.party_id:
        raise NotAnAnswerer("Nobody answers its own demand.", reason="own_demand")
    admitted = set(demand.content.who_may_answer)
    fits = (
        Answerer.PERSON in admitted
        if is_person
        else bool(admitted & {Answerer.ORGANISATION, Answerer.CONSORTIUM})
    )
    if not fits:
        raise NotAnAnswerer(
            "The demand admits others.", reason="kind_not_admitted", accepted=sorted(admitted)
        )


def check_accepting(demand: Demand, told: str) -> None:
    """Refuse an acceptance of another text, or where there is nothing to keep.

    Raises:
        NothingConfidential: The demand is public.
        ConfidenceDiffers: Names the right hash.

    Invariant: DM31.
    """
    if demand.content.confidentiality is Confidentiality.PUBLIC:
        raise NothingConfidential("Read the demand.")
    right = confidence_hash(demand)
    if told != right:
        raise ConfidenceDiffers("Read the text anew.", field="text_hash", accepted=right)


def opens_by_posting(demand: Demand) -> bool:
    """Tell whether an acceptance opens the restricted part without a proposal in it (DM32)."""
    return demand.status is DemandStatus.POSTED
