"""A unit's own schemes of sharing: published version by version, above the floor of law."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.public import Party, get_parties
from app.platform import journal
from app.platform.access import Actor
from app.platform.journal import NewEvent
from app.settlement.domain.sharing.catalogue import (
    UNIT_SCHEME,
    find_scheme,
    in_force,
    newest,
)
from app.settlement.domain.sharing.floors import check_scheme_floors
from app.settlement.domain.sharing.notices import day_in_shanghai
from app.settlement.domain.sharing.plans import default_scheme_name
from app.settlement.domain.sharing.schemes import Basis, Scheme, check_scheme
from app.settlement.repository import sharing as repository
from app.settlement.service.sharing.keeping import floors_of
from app.shared.errors import Conflict
from app.shared.ids import PartyId, new_id


class SharingSchemeRace(Conflict):
    """Somebody else of the unit published a version at this moment; read it first."""

    code = "sharing_scheme_race"
    title_zh = "本单位刚刚发布了另一版本"
    title_en = "Another version was published meanwhile"


async def publish_scheme(
    session: AsyncSession, actor: Actor, scheme: Scheme, *, now: datetime
) -> Scheme:
    """Publish the next version of the unit's own scheme.

    Raises:
        SharingSchemeInvalid: It contradicts itself.
        SharingBelowFloor: It gives less than the law that binds the unit.
        SharingSchemeRace: Two at once.

    Invariants: ST130, ST131.
    """
    version = await repository.last_scheme_version(session, actor.party_id) + 1
    scheme = replace(scheme, name=UNIT_SCHEME, version=version)
    check_scheme(scheme)
    for basis in Basis:
        floors = await floors_of(session, actor.party_id, basis, now=now)
        check_scheme_floors(scheme, floors)
    scheme_id = new_id()
    kept = await repository.insert_scheme(
        session,
        scheme,
        scheme_id=scheme_id,
        market_id=actor.market_id,
        party_id=actor.party_id,
        at=now,
    )
    if not kept:
        raise SharingSchemeRace("Read the newest version and publish again.")
    await journal.append(
        session,
        NewEvent(
            market_id=actor.market_id,
            subject="sharing_scheme",
            subject_id=scheme_id,
            type="sharing_scheme.published",
            market_at=now,
            actor=actor.ref,
            restricted={"party_id": actor.party_id, "scheme": scheme},
            audience=frozenset({actor.party_id}),
        ),
    )
    return scheme


async def require_scheme(
    session: AsyncSession, party_id: PartyId, name: str, version: int | None, *, now: datetime
) -> Scheme:
    """Return a scheme in force by its name.

    Raises:
        SharingSchemeUnknown: Names those in force.
    """
    own = await repository.schemes_of(session, party_id)
    return find_scheme(own, name, version, on=day_in_shanghai(now))


async def usual_schemes(
    session: AsyncSession, wanted: Collection[tuple[PartyId, Basis]], *, now: datetime
) -> dict[tuple[PartyId, Basis], Scheme]:
    """Return units' own schemes in force where they know the basis, else the law's."""
    today = day_in_shanghai(now)
    ids = {party_id for party_id, _ in wanted}
    own = await repository.schemes_of_parties(session, ids)
    units = {unit.id: unit for unit in await get_parties(session, ids)}
    return {
        (party_id, basis): _usual(own[party_id], units[party_id], basis, today)
        for party_id, basis in wanted
    }


def _usual(own: Sequence[Scheme], unit: Party, basis: Basis, today: date) -> Scheme:
    for scheme in newest(in_force(own, on=today)):
        if basis in scheme.rules:
            return scheme
    law = default_scheme_name(unit.seller_class, unit.region_code)
    return find_scheme((), law, None, on=today)
