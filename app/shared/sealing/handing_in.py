"""What a holder hands in for many sealed things at once, checked as a whole: pure rules."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar
from uuid import UUID

from app.shared.errors import Conflict, Forbidden
from app.shared.sealing.holder import ShareHolder
from app.shared.sealing.opening import check_share
from app.shared.sealing.possession import proves_holder
from app.shared.sealing.refusals import ShareWrong

UNREADABLE: Final[Mapping[str, Any]] = {"unreadable": True}

Key = TypeVar("Key", bound=Hashable)


class ShareContradicts(Conflict):
    """A holder said something else of the same bid before; its first word stands."""

    code = "share_contradicts"
    title_zh = "与此前提交的内容相矛盾"
    title_en = "The holder said otherwise before"


class HolderUnproven(Forbidden):
    """A complaint without proof that the holder itself makes it."""

    code = "holder_unproven"
    title_zh = "未能证明由密钥份额保管人本人提交"
    title_en = "Nothing shows that the share's holder says this"


@dataclass(frozen=True, slots=True)
class Submission:
    """What a holder hands in.

    Attributes:
        holder: Its position in the terms, from 1.
        lines: One a sealed bid: ``sequence`` and ``share``, or ``sequence`` and ``unreadable``.
        proof: That the holder itself says so; needed where it complains.
    """

    holder: int
    lines: Sequence[Mapping[str, Any]]
    proof: str | None

    @property
    def unreadable(self) -> list[int]:
        """Return the numbers of those whose shares the holder cannot read."""
        return [line["sequence"] for line in self.lines if "share" not in line]


def holder_of(holders: Sequence[ShareHolder], submission: Submission) -> ShareHolder:
    """Return who hands in.

    Raises:
        ShareWrong: There is no such holder.
    """
    if not 1 <= submission.holder <= len(holders):
        accepted = {"at_least": 1, "at_most": len(holders)}
        raise ShareWrong(
            "There is no such holder.", field="holder", rule="holder_position", accepted=accepted
        )
    return holders[submission.holder - 1]


def check_lines(
    holder: ShareHolder, submission: Submission, sealed: Mapping[int, Mapping[str, Any]]
) -> None:
    """Refuse a submission with a share that was not committed to; it is taken whole or not.

    Args:
        sealed: The sealed forms by their numbers.

    Raises:
        ShareWrong: Names the holder, the number, the field and the rule.
    """
    for place, line in enumerate(submission.lines):
        sequence = line["sequence"]
        where = {"holder": submission.holder, "holder_name": holder.name, "sequence": sequence}
        form = sealed.get(sequence)
        if form is None:
            field = f"shares.{place}.sequence"
            raise ShareWrong("No sealed bid has this number.", field=field, rule="bid", **where)
        if "share" not in line:
            continue
        try:
            check_share(form, submission.holder, line["share"])
        except ShareWrong as refusal:
            fields = {**refusal.fields, "field": f"shares.{place}.share", **where}
            raise ShareWrong(refusal.detail, **fields) from None


def check_word(
    submission: Submission, exchange_private: bytes, *, holder: ShareHolder, subject_id: UUID
) -> None:
    """Refuse a complaint, or a proof, that does not show the holder itself.

    Args:
        exchange_private: The key whose public part came with the list of sealed bids.
        subject_id: Of the auction or demand.

    Raises:
        HolderUnproven: Names what it calls unreadable.
    """
    if submission.proof is None and not submission.unreadable:
        return
    shown = submission.proof is not None and proves_holder(
        submission.proof,
        exchange_private,
        holder=holder.public_key,
        auction_id=subject_id,
        shares=submission.lines,
    )
    if not shown:
        raise HolderUnproven(
            "Make the submission anew from the list of sealed bids, with the holder's key.",
            field="proof",
            holder=submission.holder,
            unreadable=submission.unreadable,
        )


def fresh_of(
    submission: Submission,
    ids: Mapping[int, Key],
    known: Mapping[Key, Mapping[int, Mapping[str, Any]]],
) -> dict[Key, dict[str, Any]]:
    """Return what was not handed in before, by the bid's id.

    Args:
        ids: By number.
        known: What was handed in, by bid and holder.

    Raises:
        ShareContradicts: The holder said otherwise before.
    """
    fresh: dict[Key, dict[str, Any]] = {}
    for line in submission.lines:
        bid_id = ids[line["sequence"]]
        told = dict(line.get("share", UNREADABLE))
        before = known.get(bid_id, {}).get(submission.holder)
        if before is None:
            fresh[bid_id] = told
        elif before != told:  # a good share has one value, so one of both is a complaint
            raise ShareContradicts(
                "The holder's first word on a bid stands.",
                holder=submission.holder,
                sequence=line["sequence"],
            )
    return fresh


def is_waiting(told: Mapping[int, Mapping[str, Any]], *, threshold: int, holders: int) -> bool:
    """Tell whether a bid needs more shares before it can be decided.

    Args:
        told: What was handed in for it, by holder.
    """
    good = sum(share != UNREADABLE for share in told.values())
    return good < threshold and len(told) < holders


def shares_of(told: Mapping[int, Mapping[str, Any]]) -> dict[int, Any]:
    """Return what was handed in for a bid as `decide` takes it."""
    return {holder: None if share == UNREADABLE else share for holder, share in told.items()}
