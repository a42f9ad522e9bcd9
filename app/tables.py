"""All tables, gathered for migrations and tests: importing a models module registers them."""

from typing import Final

from sqlalchemy import MetaData

import app.auctions.models
import app.banking.models
import app.demands.models
import app.dossiers.models
import app.identity.models
import app.insight.models
import app.ledger.models
import app.listings.models
import app.markets.models
import app.matching.models
import app.platform.clock
import app.platform.files.model
import app.platform.idempotency
import app.platform.inbox
import app.platform.journal
import app.platform.presence
import app.platform.reactions
import app.platform.signing
import app.platform.timers
import app.settlement.models
import app.valuations.models  # noqa: F401
from app.platform.db import Base

METADATA: Final[MetaData] = Base.metadata
