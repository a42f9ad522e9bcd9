"""Routes of identity: tokens, and parties with their members and clients."""

from app.identity.endpoints import oauth, parties

ROUTERS = (oauth.routes, parties.routes, parties.hashing)
