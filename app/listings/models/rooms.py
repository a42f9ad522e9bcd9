"""The tables of deal rooms."""

from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from app.listings.domain.offers import OfferStatus
from app.listings.domain.room import RoomStatus
from app.platform.columns import TIME, one_of
from app.platform.db import Base

LIVING_ROOM: Final = "uq_deal_rooms_living"


class RoomRow(Base):
    """A deal room; its row lock orders everything that is done in it."""

    __tablename__ = "deal_rooms"
    __table_args__ = (
        one_of("status", RoomStatus),
        CheckConstraint(
            "opened_at IS NULL"
            " OR (owner_accepted_at IS NOT NULL AND buyer_accepted_at IS NOT NULL)",
            name="nda",
        ),
        CheckConstraint(
            "(status = 'agreed') = (agreed_offer IS NOT NULL AND listing_id IS NOT NULL)",
            name="agreed",
        ),
        Index(
            LIVING_ROOM,
            "achievement_id",
            "buyer_id",
            unique=True,
            postgresql_where=text("status IN ('requested', 'answering', 'open')"),
        ),
        Index("ix_deal_rooms_owner_id", "owner_id", "id"),
        Index("ix_deal_rooms_buyer_id", "buyer_id", "id"),
        Index("ix_deal_rooms_market_id", "market_id", "requested_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    market_id: Mapped[UUID] = mapped_column(ForeignKey("markets.id"))
    achievement_id: Mapped[UUID] = mapped_column(ForeignKey("achievements.id"))
    owner_id: Mapped[UUID] = mapped_column(ForeignKey("parties.id"))
    buyer_id: Mapped[UUID] = mapped_column(ForeignKey("parties.id"))
    roadshow_id: Mapped[UUID | None] = mapped_column(ForeignKey("roadshows.id"))
    status: Mapped[str] = mapped_column(String(10))
    requested_by: Mapped[str] = mapped_column(String(60))
    requested_at: Mapped[datetime] = mapped_column(TIME)
    request: Mapped[str] = mapped_column(Text)
    answer_due_at: Mapped[datetime] = mapped_column(TIME)
    answered_at: Mapped[datetime | None] = mapped_column(TIME)
    nda_text: Mapped[str | None] = mapped_column(Text)
    nda_hash: Mapped[str | None] = mapped_column(String(64))
    owner_accepted_by: Mapped[str | None] = mapped_column(String(60))
    owner_accepted_at: Mapped[datetime | None] = mapped_column(TIME)
    buyer_accepted_by: Mapped[str | None] = mapped_column(String(60))
    buyer_accepted_at: Mapped[datetime | None] = mapped_column(TIME)
    opened_at: Mapped[datetime | None] = mapped_column(TIME)
    first_meeting_at: Mapped[datetime | None] = mapped_column(TIME)
    first_offer_at: Mapped[datetime | None] = mapped_column(TIME)
    agreed_at: Mapped[datetime | None] = mapped_column(TIME)
    agreed_offer: Mapped[int | None]
    listing_id: Mapped[UUID | None] = mapped_column(ForeignKey("listings.id"))
    ended_at: Mapped[datetime | None] = mapped_column(TIME)
    reason: Mapped[str | None] = mapped_column(Text)
    mediation_at: Mapped[datetime | None] = mapped_column(TIME)
    mediation_reason: Mapped[str | None] = mapped_column(Text)


class MessageRow(Base):
    """A message; never changed (a trigger refuses)."""

    __tablename__ = "room_messages"

    room_id: Mapped[UUID] = mapped_column(ForeignKey("deal_rooms.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    party_id: Mapped[UUID]
    sent_by: Mapped[str] = mapped_column(String(60))
    sent_at: Mapped[datetime] = mapped_column(TIME)
    text: Mapped[str] = mapped_column(Text)
    salt: Mapped[str] = mapped_column(String(32))
    content_hash: Mapped[str] = mapped_column(String(64))


class DocumentRow(Base):
    """A file of one side that the other may read; never changed (a trigger refuses)."""

    __tablename__ = "room_documents"
    __table_args__ = (Index("uq_room_documents_file_id", "room_id", "file_id", unique=True),)

    room_id: Mapped[UUID] = mapped_column(ForeignKey("deal_rooms.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    party_id: Mapped[UUID]
    added_by: Mapped[str] = mapped_column(String(60))
    added_at: Mapped[datetime] = mapped_column(TIME)
    file_id: Mapped[UUID] = mapped_column(ForeignKey("files.id"))
    title: Mapped[str] = mapped_column(String(200))
    sha256: Mapped[str] = mapped_column(String(64))


class MeetingRow(Base):
    """A meeting that was held; never changed (a trigger refuses)."""

    __tablename__ = "room_meetings"
    __table_args__ = (CheckConstraint("minutes > 0", name="minutes"),)

    room_id: Mapped[UUID] = mapped_column(ForeignKey("deal_rooms.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    party_id: Mapped[UUID]
    recorded_by: Mapped[str] = mapped_column(String(60))
    recorded_at: Mapped[datetime] = mapped_column(TIME)
    held_at: Mapped[datetime] = mapped_column(TIME)
    minutes: Mapped[int]
    participants: Mapped[list[str]] = mapped_column(ARRAY(String(200)))


class RoomOfferRow(Base):
    """An offer; only what became of it ever changes."""

    __tablename__ = "room_offers"
    __table_args__ = (
        one_of("status", OfferStatus),
        CheckConstraint("price_minor > 0", name="price"),
    )

    room_id: Mapped[UUID] = mapped_column(ForeignKey("deal_rooms.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    party_id: Mapped[UUID]
    made_by: Mapped[str] = mapped_column(String(60))
    made_at: Mapped[datetime] = mapped_column(TIME)
    answers: Mapped[int | None]
    price_minor: Mapped[int] = mapped_column(BigInteger)
    price_currency: Mapped[str] = mapped_column(String(3))
    conversion_mode: Mapped[str] = mapped_column(String(40))
    payment_terms: Mapped[str] = mapped_column(Text)
    contract_terms: Mapped[str] = mapped_column(Text)
    use_scope: Mapped[str] = mapped_column(Text)
    valid_until: Mapped[datetime] = mapped_column(TIME)
    salt: Mapped[str] = mapped_column(String(32))
    offer_hash: Mapped[str] = mapped_column(String(64))
    status: Mapped[str] = mapped_column(String(10))
    answered_by: Mapped[str | None] = mapped_column(String(60))
    answered_at: Mapped[datetime | None] = mapped_column(TIME)
    reason: Mapped[str | None] = mapped_column(Text)
