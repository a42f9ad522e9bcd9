"""Who stands too near a result to judge it: what the records show, and what the expert says.

Names are compared as `app.identity.public.plain_name` gives them. A namesake is possible: the
ground is refused all the same, because another expert is easily found and a doubt stays.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from app.shared.errors import RuleBroken
from app.shared.ids import PartyId

# The ground of identity that means one and the same organisation, registered twice.
_SAME_ORGANISATION: Final = "credit_code"


class RecusalKind(StrEnum):
    """Why an expert may not judge a result 回避事由."""

    SAME_UNIT = "same_unit"  # 同一单位
    SHARED_CONTROL = "shared_control"  # 受同一控制
    COMPLETER = "completer"  # 本人是完成人
    CO_INVENTOR = "co_inventor"  # 与完成人共同完成过其他成果
    RELATED_PARTY = "related_party"  # 利害关系人
    DECLARED = "declared"  # 本人申明


@dataclass(frozen=True, slots=True)
class RecusalGround:
    """One reason for a recusal.

    Attributes:
        details: What was found: names of shared grounds, plain names of persons, or the
            expert's own words; may be empty.
    """

    kind: RecusalKind
    details: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Expert:
    """What the records say of an expert.

    Attributes:
        party_id: The unit that the expert works for here.
        name: Plain name of the person.
        behind_unit: Plain names of those who move the unit.
        shared_with_owner: Grounds of control that the unit and the subject's owner share.
    """

    party_id: PartyId
    name: str
    behind_unit: frozenset[str] = frozenset()
    shared_with_owner: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What is judged, and who stands behind it.

    Attributes:
        behind_owner: Plain names of those who move the owner.
        completers: Plain names of those who completed the result.
        co_inventors: Plain names of those who completed another result with a completer.
    """

    owner_id: PartyId
    behind_owner: frozenset[str] = frozenset()
    completers: frozenset[str] = frozenset()
    co_inventors: frozenset[str] = frozenset()


class ExpertMustRecuse(RuleBroken):
    """An expert stands too near the result to judge it."""

    code = "expert_must_recuse"
    title_zh = "专家与该成果存在利害关系，应当回避"
    title_en = "The expert stands too near this result and must not judge it"


def find_recusals(
    expert: Expert, subject: Subject, *, declared: str | None = None
) -> tuple[RecusalGround, ...]:
    """Return why an expert may not judge a subject, in the order of `RecusalKind`.

    Args:
        declared: The expert's own statement of an interest, if it made one.

    Invariant: EV2. Source: default; the kinds follow 科学技术评价办法（试行）(2003), which asks
    experts to keep away from what touches their own unit or interest.
    """
    itself = frozenset({expert.name})
    found: dict[RecusalKind, tuple[str, ...] | None] = {
        RecusalKind.SAME_UNIT: _same_unit(expert, subject),
        RecusalKind.SHARED_CONTROL: _shared_control(expert, subject),
        RecusalKind.COMPLETER: _some(itself & subject.completers),
        RecusalKind.CO_INVENTOR: _some((itself & subject.co_inventors) - subject.completers),
        RecusalKind.RELATED_PARTY: _some(
            (itself & subject.behind_owner) | (expert.behind_unit & subject.completers - itself)
        ),
        RecusalKind.DECLARED: None if declared is None else (declared,),
    }
    return tuple(
        RecusalGround(kind, details) for kind in RecusalKind if (details := found[kind]) is not None
    )


def require_no_recusal(*found: tuple[object, tuple[RecusalGround, ...]]) -> None:
    """Refuse experts for whom there are grounds.

    Args:
        found: Each expert, as it is to be named in the refusal, with its grounds.

    Raises:
        ExpertMustRecuse: Names every such expert and ground.
    """
    refused = [
        {
            "expert": expert,
            "grounds": [{"kind": ground.kind, "details": ground.details} for ground in grounds],
        }
        for expert, grounds in found
        if grounds
    ]
    if refused:
        raise ExpertMustRecuse("Choose other experts.", experts=refused)


def _same_unit(expert: Expert, subject: Subject) -> tuple[str, ...] | None:
    if expert.party_id == subject.owner_id:
        return ("party",)
    return (_SAME_ORGANISATION,) if _SAME_ORGANISATION in expert.shared_with_owner else None


def _shared_control(expert: Expert, subject: Subject) -> tuple[str, ...] | None:
    if expert.party_id == subject.owner_id:
        return None  # a unit shares everything with itself
    return _some(ground for ground in expert.shared_with_owner if ground != _SAME_ORGANISATION)


def _some(found: Iterable[str]) -> tuple[str, ...] | None:
    return tuple(sorted(found)) or None
