"""Proposals 揭榜申报: one a party and round, sealed until the deadline, opened all at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from app.demands.domain.proposal_content import ProposalContent
from app.shared.errors import Conflict, RuleBroken
from app.shared.findings import Findings
from app.shared.ids import DemandId, MarketId, PartyId, ProposalId
from app.shared.money import Money

SHARES_BP: Final = 10_000
MEMBERS_MAX: Final = 20

CODE_ALPHABET: Final = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # 32 signs, none of them alike
CODE_CHARS: Final = 12  # 60 bits: nobody guesses one, and two do not meet


class ProposalStatus(StrEnum):
    """Where a proposal stands."""

    HANDED_IN = "handed_in"  # 已申报, sealed
    WITHDRAWN = "withdrawn"
    OPENED = "opened"  # 已开启
    VOID = "void"  # 无效: what was sealed cannot be read
    ADMITTED = "admitted"  # 资格审查通过
    EXCLUDED = "excluded"  # 资格审查不通过
    WINNER = "winner"  # 中榜
    NOT_CHOSEN = "not_chosen"


class ProposalTrigger(StrEnum):
    """What moves a proposal."""

    HAND_IN = "hand_in"
    WITHDRAW = "withdraw"
    OPEN = "open"
    VOID = "void"
    ADMIT = "admit"
    EXCLUDE = "exclude"
    CHOOSE = "choose"
    PASS_OVER = "pass_over"  # noqa: S105 - a trigger, not a password
    RECONSIDER = "reconsider"  # the review is done again


_S = ProposalStatus
_T = ProposalTrigger

# Source: rules.md section 4.
PROPOSAL_TRANSITIONS: Final[Mapping[tuple[ProposalStatus, ProposalTrigger], ProposalStatus]] = {
    (_S.HANDED_IN, _T.HAND_IN): _S.HANDED_IN,
    (_S.HANDED_IN, _T.WITHDRAW): _S.WITHDRAWN,
    (_S.WITHDRAWN, _T.HAND_IN): _S.HANDED_IN,
    (_S.HANDED_IN, _T.OPEN): _S.OPENED,
    (_S.HANDED_IN, _T.VOID): _S.VOID,
    (_S.OPENED, _T.ADMIT): _S.ADMITTED,
    (_S.OPENED, _T.EXCLUDE): _S.EXCLUDED,
    (_S.ADMITTED, _T.EXCLUDE): _S.EXCLUDED,  # an objection shows what the records did not
    (_S.ADMITTED, _T.CHOOSE): _S.WINNER,
    (_S.ADMITTED, _T.PASS_OVER): _S.NOT_CHOSEN,
    (_S.WINNER, _T.RECONSIDER): _S.ADMITTED,
    (_S.NOT_CHOSEN, _T.RECONSIDER): _S.ADMITTED,
    (_S.WINNER, _T.EXCLUDE): _S.EXCLUDED,
    (_S.NOT_CHOSEN, _T.EXCLUDE): _S.EXCLUDED,
}

AFTER_OPENING: Final = frozenset(_S) - {_S.HANDED_IN, _S.WITHDRAWN}


@dataclass(frozen=True, slots=True)
class Member:
    """A party of a consortium and its part of the work.

    Attributes:
        share_bp: In basis points; lead and members together have 10,000.
    """

    party_id: PartyId
    share_bp: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A party's answer to one posting of a demand.

    Attributes:
        round: Which posting it answers.
        party_id: Who proposes, the lead of a consortium.
        code: Stands for the proposer wherever its name is not shown.
        version: 1 at first, one more with each replacement or withdrawal.
        members: The whole consortium with its lead first; empty where one party proposes alone.
        commitment: What the journal got of the last version: 64 hex digits.
        price, content: ``None`` until it was opened, and for ever if it is void.
        void_reason: Why what was sealed cannot be read.
        findings: What the completeness check found, in the form of a problem's ``errors``.
        grounds: Why the records suggest to exclude it; empty where they do not.
        reason: Of the operator's decision on its eligibility.
    """

    id: ProposalId
    demand_id: DemandId
    market_id: MarketId
    round: int
    party_id: PartyId
    code: str
    status: ProposalStatus
    version: int
    members: tuple[Member, ...]
    commitment: str
    handed_in_at: datetime
    price: Money | None = None
    content: ProposalContent | None = None
    void_reason: str | None = None
    findings: tuple[Mapping[str, Any], ...] = ()
    grounds: tuple[Mapping[str, Any], ...] = ()
    opened_at: datetime | None = None
    decided_at: datetime | None = None
    reason: str | None = None

    @property
    def parties(self) -> frozenset[PartyId]:
        """Who takes part with it."""
        return frozenset({self.party_id, *(member.party_id for member in self.members)})


class ProposalsNotTaken(Conflict):
    """The demand takes no proposals, or none any more."""

    code = "proposals_not_taken"
    title_zh = "该需求当前不接受揭榜申报"
    title_en = "The demand takes no proposals now"


class NoProposal(Conflict):
    """The party has no living proposal in this round."""

    code = "no_proposal"
    title_zh = "本单位没有有效的揭榜申报"
    title_en = "Your party has no proposal in this round"


class ConsortiumInvalid(RuleBroken):
    """Members or shares of a consortium break rules; ``errors`` names each."""

    code = "consortium_invalid"
    title_zh = "联合体成员或分工比例不符合要求"
    title_en = "The consortium's members or shares break rules"

    def __init__(self, detail: str, *, errors: list[dict[str, Any]]) -> None:
        super().__init__(detail, errors=errors)


class TakesPartAlready(Conflict):
    """Each party takes part in a round once: alone, leading, or as a member."""

    code = "takes_part_already"
    title_zh = "本单位已以其他身份参与本轮揭榜"
    title_en = "The party takes part in this round in another way"


class SealingWrong(RuleBroken):
    """The posting says whether a proposal comes sealed for share holders or not."""

    code = "proposal_sealing_wrong"
    title_zh = "申报的封存方式与公告不符"
    title_en = "The proposal is not sealed as the posting says"


def sealing_code(code: str, version: int) -> str:
    """Return what a version's seal is bound to beside the demand (DM41)."""
    return f"{code}.{version}"


def code_of(raw: bytes) -> str:
    """Return the proposal code of so many random bytes, five bits a sign (DM37)."""
    number = int.from_bytes(raw, "big")
    signs = (CODE_ALPHABET[number >> (5 * place) & 31] for place in range(CODE_CHARS))
    return "".join(signs)


def consortium_errors(lead: PartyId, members: Sequence[Member]) -> list[dict[str, Any]]:
    """Return every fault of a consortium's list, whose first is its lead (DM39)."""
    findings = Findings()
    if not members:
        return []
    findings.require(
        members[0].party_id == lead,
        "members.0.party_id",
        rule="lead_first",
        message="The party that proposes leads and stands first.",
        accepted=lead,
    )
    findings.require(
        2 <= len(members) <= MEMBERS_MAX,
        "members",
        rule="two_or_more",
        message="A consortium has two members or more.",
        minimum=2,
        maximum=MEMBERS_MAX,
    )
    for place, member in enumerate(members):
        findings.require(
            member.share_bp > 0,
            f"members.{place}.share_bp",
            rule="no_share",
            message="Every member has a part of the work.",
            minimum=1,
        )
    total = sum(member.share_bp for member in members)
    findings.require(
        total == SHARES_BP,
        "members",
        rule="shares_not_whole",
        message=f"The shares of the work sum to {total} basis points.",
        total=SHARES_BP,
    )
    findings.unique("members", [member.party_id for member in members])
    return findings.errors
