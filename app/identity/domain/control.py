"""Who stands behind a party: what two parties share that one hand would explain.

Names are compared as they were put on record. A namesake is possible, so what is found is a
ground for a human being's question, not a proof.
"""

import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations
from typing import Final

from app.identity.domain.party import Party, PartyKind
from app.shared.ids import PartyId

BENEFICIAL_OWNERS_MAX: Final = 20
# GB 32100-2015: characters 9 to 17 name the organisation; what stands around them says who
# registered it, as what and where.
_ORGANISATION: Final = slice(8, 17)
_CHINA: Final = "86"
_NATIONAL_DIGITS_MAX: Final = 12


class Ground(StrEnum):
    """What two parties share."""

    CREDIT_CODE = "credit_code"
    REPRESENTATIVE = "representative"
    BENEFICIAL_OWNER = "beneficial_owner"
    PERSON = "person"  # somebody who is one thing here and another there
    PHONE = "phone"
    CONTACT = "contact"


CONTROL: Final = frozenset(
    {Ground.CREDIT_CODE, Ground.REPRESENTATIVE, Ground.BENEFICIAL_OWNER, Ground.PERSON}
)


@dataclass(frozen=True, slots=True)
class Flag:
    """Two parties that one hand may move.

    Attributes:
        party_ids: In the order in which the parties were given.
        grounds: What they share, in the order of `Ground`; never empty.
    """

    party_ids: tuple[PartyId, PartyId]
    grounds: tuple[Ground, ...]


def plain_name(name: str) -> str:
    """Return a name as it is compared: width, letter case and spaces do not count."""
    return "".join(unicodedata.normalize("NFKC", name).casefold().split())


def persons_behind(party: Party) -> frozenset[str]:
    """Return the plain names of those who move a party: a natural person moves itself."""
    return _representative(party) | _owners(party) | _itself(party)


def shared_control(parties: Sequence[Party]) -> list[Flag]:
    """Return each pair of parties that share something, with all that they share.

    Only parties that do share are compared in pairs, so many strangers cost little.

    Source: rules.md D3 (collusion); identity/README.md, I12.
    """
    bearers: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for index, party in enumerate(parties):
        for mark in _marks(party):
            bearers[mark].append(index)
    pairs = {pair for indices in bearers.values() for pair in combinations(indices, 2)}
    return [
        Flag((parties[one].id, parties[other].id), common_grounds(parties[one], parties[other]))
        for one, other in sorted(pairs)
    ]


def common_grounds(one: Party, other: Party) -> tuple[Ground, ...]:
    """Return what two parties share, in the order of `Ground`."""
    found = {
        Ground.CREDIT_CODE: _organisation(one) & _organisation(other),
        Ground.REPRESENTATIVE: _representative(one) & _representative(other),
        Ground.BENEFICIAL_OWNER: _owners(one) & _owners(other),
        Ground.PHONE: _phone(one) & _phone(other),
        Ground.CONTACT: _contact(one) & _contact(other),
    }
    explained = found[Ground.REPRESENTATIVE] | found[Ground.BENEFICIAL_OWNER]
    found[Ground.PERSON] = (persons_behind(one) & persons_behind(other)) - explained
    return tuple(ground for ground in Ground if found[ground])


def _marks(party: Party) -> set[tuple[str, str]]:
    kinds = {
        "code": _organisation(party),
        "person": persons_behind(party),
        "phone": _phone(party),
        "contact": _contact(party),
    }
    return {(kind, value) for kind, values in kinds.items() for value in values}


def _names(*names: str | None) -> frozenset[str]:
    return frozenset(plain for name in names if name and (plain := plain_name(name)))


def _representative(party: Party) -> frozenset[str]:
    return _names(party.representative)


def _owners(party: Party) -> frozenset[str]:
    return _names(*party.beneficial_owners)


def _itself(party: Party) -> frozenset[str]:
    return _names(party.name) if party.kind is PartyKind.PERSON else frozenset()


def _contact(party: Party) -> frozenset[str]:
    return _names(party.contact)


def _organisation(party: Party) -> frozenset[str]:
    return frozenset({party.credit_code[_ORGANISATION]} if party.credit_code else ())


def _phone(party: Party) -> frozenset[str]:
    digits = "".join(char for char in party.phone or "" if char.isdigit())
    if len(digits) > _NATIONAL_DIGITS_MAX or digits.startswith(f"00{_CHINA}"):
        digits = digits.lstrip("0").removeprefix(_CHINA)
    return frozenset({digits.lstrip("0")} - {""})
