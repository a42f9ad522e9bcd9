"""Use cases of the price statistics."""
