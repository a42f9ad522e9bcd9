"""The live room: one stream of an auction's events to everybody who watches."""

from app.auctions.live.hub import end_streams as end_streams
from app.auctions.live.stream import routes as routes
