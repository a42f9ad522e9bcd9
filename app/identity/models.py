"""Tables of identity."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    DateTime,
    FetchedValue,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from app.platform.db import Base

_TIME = DateTime(timezone=True)


class PartyRow(Base):
    """An organisation or a natural person in one market."""

    __tablename__ = "parties"
    __table_args__ = (
        CheckConstraint("kind IN ('organisation', 'person')", name="kind"),
        CheckConstraint("status IN ('pending', 'verified', 'refused')", name="status"),
        CheckConstraint(
            "(kind = 'organisation') = (credit_code IS NOT NULL)", name="organisation_has_code"
        ),
        # A refused application must not keep the code's rightful bearer out.
        Index(
            "uq_parties_credit_code",
            "market_id",
            "credit_code",
            unique=True,
            postgresql_where=text("status <> 'refused'"),
        ),
        Index("ix_parties_market_id_id", "market_id", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    market_id: Mapped[UUID]
    kind: Mapped[str] = mapped_column(String(12))
    status: Mapped[str] = mapped_column(String(8))
    name: Mapped[str] = mapped_column(String(200))
    credit_code: Mapped[str | None] = mapped_column(String(18))
    region_code: Mapped[str | None] = mapped_column(String(6))
    address: Mapped[str | None] = mapped_column(String(200))
    seller_class: Mapped[str | None] = mapped_column(String(40))
    party_type: Mapped[str | None] = mapped_column(String(60))
    scale: Mapped[str | None] = mapped_column(String(40))
    industry: Mapped[str | None] = mapped_column(String(60))
    representative: Mapped[str | None] = mapped_column(String(200))
    contact: Mapped[str | None] = mapped_column(String(200))
    phone: Mapped[str | None] = mapped_column(String(40))
    postcode: Mapped[str | None] = mapped_column(String(10))
    in_high_tech_zone: Mapped[bool]
    listed: Mapped[bool]
    beneficial_owners: Mapped[list[str]] = mapped_column(ARRAY(String(200)))
    decision_reason: Mapped[str | None] = mapped_column(String(2000))
    registered_at: Mapped[datetime] = mapped_column(_TIME)


class UserRow(Base):
    """A natural person who signs in; acts only through a membership."""

    __tablename__ = "users"
    __table_args__ = (Index("uq_users_login", "login", unique=True),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    login: Mapped[str] = mapped_column(String(100))
    password_hash: Mapped[str] = mapped_column(String(200))
    display_name: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime] = mapped_column(_TIME, server_default=FetchedValue())


class MembershipRow(Base):
    """A user acts for a party in one role."""

    __tablename__ = "memberships"
    __table_args__ = (
        CheckConstraint(
            "role IN ('seller_staff', 'buyer_staff', 'broker', 'expert', 'operator', 'auditor')",
            name="role",
        ),
        Index("uq_memberships_user_party_role", "user_id", "party_id", "role", unique=True),
        Index("ix_memberships_party_id", "party_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    party_id: Mapped[UUID] = mapped_column(ForeignKey("parties.id"))
    market_id: Mapped[UUID]
    role: Mapped[str] = mapped_column(String(20))
    created_at: Mapped[datetime] = mapped_column(_TIME, server_default=FetchedValue())


class ClientRow(Base):
    """A partner exchange's machine; the secret is kept only as its SHA-256."""

    __tablename__ = "clients"
    __table_args__ = (Index("ix_clients_party_id", "party_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    market_id: Mapped[UUID]
    party_id: Mapped[UUID] = mapped_column(ForeignKey("parties.id"))
    name: Mapped[str] = mapped_column(String(200))
    secret_prefix: Mapped[str] = mapped_column(String(16))
    secret_hash: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(_TIME)
    revoked_at: Mapped[datetime | None] = mapped_column(_TIME)


class RefreshFamilyRow(Base):
    """All refresh tokens that descend from one sign-in; its row lock orders their use."""

    __tablename__ = "refresh_families"
    __table_args__ = (Index("ix_refresh_families_membership_id", "membership_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    membership_id: Mapped[UUID] = mapped_column(ForeignKey("memberships.id"))
    scopes: Mapped[list[str]] = mapped_column(ARRAY(String(40)))
    created_at: Mapped[datetime] = mapped_column(_TIME, server_default=FetchedValue())
    revoked_at: Mapped[datetime | None] = mapped_column(_TIME)


class RefreshTokenRow(Base):
    """One refresh token, kept only as its SHA-256."""

    __tablename__ = "refresh_tokens"
    __table_args__ = (Index("ix_refresh_tokens_family_id", "family_id"),)

    hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    family_id: Mapped[UUID] = mapped_column(ForeignKey("refresh_families.id"))
    expires_at: Mapped[datetime] = mapped_column(_TIME)
    used_at: Mapped[datetime | None] = mapped_column(_TIME)


class AttemptRow(Base):
    """Attempts in the running window; unlogged: a crash may forget them."""

    __tablename__ = "login_attempts"
    __table_args__ = {"prefixes": ["UNLOGGED"]}  # noqa: RUF012 - SQLAlchemy's own idiom

    subject: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    attempts: Mapped[int]
    window_ends_at: Mapped[datetime] = mapped_column(_TIME)
