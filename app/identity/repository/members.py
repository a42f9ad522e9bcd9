"""SQL of users and memberships."""

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from sqlalchemy import Uuid, any_, literal, select, true
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.domain.login import LoginTaken, Membership, MemberTwice, User
from app.identity.domain.party import Party, PartyStatus
from app.identity.models import MembershipRow, PartyRow, UserRow
from app.identity.repository.parties import party_of
from app.platform.access import Role
from app.shared.ids import MarketId, MembershipId, PartyId, UserId, new_id


async def insert_user(
    session: AsyncSession, *, login: str, password_hash: str, display_name: str
) -> UserId:
    """Insert a user.

    Args:
        login: In normal form.

    Raises:
        LoginTaken: The unique index decides.
    """
    user_id: UUID | None = await session.scalar(
        insert(UserRow)
        .values(id=new_id(), login=login, password_hash=password_hash, display_name=display_name)
        .on_conflict_do_nothing()
        .returning(UserRow.id)
    )
    if user_id is None:
        raise LoginTaken("Choose another login.", field="login")
    return UserId(user_id)


async def find_user(session: AsyncSession, user_id: UserId) -> User | None:
    """Return a user."""
    row = await session.get(UserRow, user_id)
    return None if row is None else User(UserId(row.id), row.login, row.display_name)


async def names_of_users(session: AsyncSession, users: Collection[UUID]) -> Mapping[UUID, str]:
    """Return the display names of those users that exist."""
    rows = await session.execute(
        select(UserRow.id, UserRow.display_name).where(UserRow.id.in_(users))
    )
    return {row.id: row.display_name for row in rows}


async def find_credentials(session: AsyncSession, login: str) -> tuple[UserId, str] | None:
    """Return a login's user and password hash."""
    row = (
        await session.execute(
            select(UserRow.id, UserRow.password_hash).where(UserRow.login == login)
        )
    ).first()
    return None if row is None else (UserId(row.id), row.password_hash)


async def insert_membership(
    session: AsyncSession, *, user_id: UserId, party_id: PartyId, market_id: MarketId, role: Role
) -> MembershipId:
    """Insert a membership.

    Raises:
        MemberTwice: The user has the role in this party already.
    """
    membership_id: UUID | None = await session.scalar(
        insert(MembershipRow)
        .values(id=new_id(), user_id=user_id, party_id=party_id, market_id=market_id, role=role)
        .on_conflict_do_nothing()
        .returning(MembershipRow.id)
    )
    if membership_id is None:
        raise MemberTwice("The user has this role in this party already.", field="role")
    return MembershipId(membership_id)


async def lock_member(session: AsyncSession, *, user_id: UserId, party_id: PartyId) -> None:
    """Keep other memberships of the party and of the user away until the transaction ends.

    The party first, always, so that two grants cannot wait for each other.
    """
    for row, key in ((PartyRow, party_id), (UserRow, user_id)):
        await session.execute(select(row.id).where(row.id == key).with_for_update(key_share=True))


async def roles_of_user(
    session: AsyncSession, user_id: UserId, market_id: MarketId
) -> frozenset[Role]:
    """Return the roles that a user has in a market."""
    roles = await session.scalars(
        select(MembershipRow.role).where(
            MembershipRow.user_id == user_id, MembershipRow.market_id == market_id
        )
    )
    return frozenset(map(Role, roles))


async def roles_of_party(session: AsyncSession, party_id: PartyId) -> frozenset[Role]:
    """Return the roles in which anybody acts for a party."""
    roles = await session.scalars(
        select(MembershipRow.role).where(MembershipRow.party_id == party_id).distinct()
    )
    return frozenset(map(Role, roles))


async def parties_with_roles(
    session: AsyncSession, party_ids: Collection[PartyId], roles: Collection[Role]
) -> frozenset[PartyId]:
    """Return those of the parties for which somebody acts in one of the roles."""
    found = await session.scalars(
        select(MembershipRow.party_id)
        .where(
            MembershipRow.party_id == any_(literal(list(party_ids), ARRAY(Uuid))),
            MembershipRow.role.in_([str(role) for role in roles]),
        )
        .distinct()
    )
    return frozenset(PartyId(party_id) for party_id in found)


def _membership(row: MembershipRow) -> Membership:
    return Membership(
        MembershipId(row.id),
        UserId(row.user_id),
        PartyId(row.party_id),
        MarketId(row.market_id),
        Role(row.role),
    )


async def memberships_of(
    session: AsyncSession, user_id: UserId
) -> Sequence[tuple[Membership, Party]]:
    """Return a user's memberships with their parties, oldest first."""
    rows = await session.execute(
        select(MembershipRow, PartyRow)
        .join(PartyRow, PartyRow.id == MembershipRow.party_id)
        .where(MembershipRow.user_id == user_id)
        .order_by(MembershipRow.id)
    )
    return [(_membership(membership), party_of(party)) for membership, party in rows]


async def find_membership(
    session: AsyncSession, membership_id: MembershipId
) -> tuple[Membership, Party] | None:
    """Return a membership with its party."""
    row = (
        await session.execute(
            select(MembershipRow, PartyRow)
            .join(PartyRow, PartyRow.id == MembershipRow.party_id)
            .where(MembershipRow.id == membership_id)
        )
    ).first()
    return None if row is None else (_membership(row[0]), party_of(row[1]))


async def experts_of_market(
    session: AsyncSession,
    market_id: MarketId,
    *,
    membership_ids: Collection[MembershipId] | None,
    after: MembershipId | None = None,
    limit: int | None = None,
) -> Sequence[tuple[Membership, User, Party]]:
    """Return experts of verified parties with person and unit, oldest membership first.

    Args:
        membership_ids: Only these; ``None`` for all.
        after: Only memberships beyond this one.
    """
    rows = await session.execute(
        select(MembershipRow, UserRow, PartyRow)
        .join(UserRow, UserRow.id == MembershipRow.user_id)
        .join(PartyRow, PartyRow.id == MembershipRow.party_id)
        .where(
            MembershipRow.market_id == market_id,
            MembershipRow.role == str(Role.EXPERT),
            PartyRow.status == str(PartyStatus.VERIFIED),
            true() if membership_ids is None else MembershipRow.id.in_(membership_ids),
            true() if after is None else MembershipRow.id > after,
        )
        .order_by(MembershipRow.id)
        .limit(limit)
    )
    return [
        (_membership(member), User(UserId(user.id), user.login, user.display_name), party_of(party))
        for member, user, party in rows
    ]


async def members_among(
    session: AsyncSession, party_id: PartyId, user_ids: Collection[UserId]
) -> frozenset[UserId]:
    """Return those of the users who act for a party in any role."""
    found = await session.scalars(
        select(MembershipRow.user_id).where(
            MembershipRow.party_id == party_id, MembershipRow.user_id.in_(user_ids)
        )
    )
    return frozenset(map(UserId, found))


async def parties_of_users(
    session: AsyncSession, user_ids: Collection[UserId]
) -> Mapping[UserId, frozenset[PartyId]]:
    """Return the parties that users act for in any role."""
    rows = await session.execute(
        select(MembershipRow.user_id, MembershipRow.party_id).where(
            MembershipRow.user_id.in_(user_ids)
        )
    )
    found: dict[UserId, frozenset[PartyId]] = {}
    for user_id, party_id in rows:
        user = UserId(user_id)
        found[user] = found.get(user, frozenset()) | {PartyId(party_id)}
    return found
