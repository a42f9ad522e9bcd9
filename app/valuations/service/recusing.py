"""Who an expert and a result's owner are, in the form in which recusals are found."""

from collections.abc import Iterable

from app.identity.public import (
    CONTROL,
    Party,
    common_grounds,
    persons_behind,
    plain_name,
)
from app.valuations.domain.recusal import Expert, Subject


def expert_facts(*, name: str, unit: Party, owner: Party) -> Expert:
    """Return what the records say of an expert towards a result's owner.

    Args:
        name: The person's name as on record.
        unit: The party that the person is an expert of.
    """
    return Expert(
        party_id=unit.id,
        name=plain_name(name),
        behind_unit=persons_behind(unit),
        shared_with_owner=tuple(
            str(ground) for ground in common_grounds(unit, owner) if ground in CONTROL
        ),
    )


def subject_facts(
    *, owner: Party, completers: Iterable[str], co_inventors: Iterable[str] = ()
) -> Subject:
    """Return what the records say of a result.

    Args:
        completers: Names of those who completed it, as on record.
        co_inventors: Names of those who completed another result together with one of them.
    """
    return Subject(
        owner_id=owner.id,
        behind_owner=persons_behind(owner),
        completers=frozenset(map(plain_name, completers)),
        co_inventors=frozenset(map(plain_name, co_inventors)),
    )
