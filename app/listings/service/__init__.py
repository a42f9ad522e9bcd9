"""Use cases of listings."""
