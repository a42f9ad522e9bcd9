"""Auctions (竞价): bidding formats and the bid path that never loses a bid."""
