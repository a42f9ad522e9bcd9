"""Markets (交易市场): exchanges, their policies, sessions and sandbox clocks."""
