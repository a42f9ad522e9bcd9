"""Partner exchanges' clients."""

from dataclasses import dataclass
from datetime import datetime

from app.shared.ids import ClientId, MarketId, PartyId


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """A machine that reads for a partner exchange.

    Attributes:
        secret_prefix: The readable part of its secret, to tell secrets apart.
        revoked_at: Wall-clock moment from which it gets no tokens; ``None`` while it is good.
    """

    id: ClientId
    market_id: MarketId
    party_id: PartyId
    name: str
    secret_prefix: str
    created_at: datetime
    revoked_at: datetime | None
