"""Routes of markets, their sandbox clocks, and the code tables."""

from app.markets.endpoints import codes, markets, selection_terms

ROUTERS = (markets.routes, markets.moving, selection_terms.routes, codes.routes)
