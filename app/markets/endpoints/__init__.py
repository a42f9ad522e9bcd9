"""Routes of markets, their sandbox clocks, and the code tables."""

from app.markets.endpoints import codes, markets

ROUTERS = (markets.routes, markets.moving, codes.routes)
