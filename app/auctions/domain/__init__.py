"""The rules of bidding: synchronous, values in, values out, the time passed in."""
