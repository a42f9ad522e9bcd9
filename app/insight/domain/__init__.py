"""Rules of the price statistics."""
