"""Use cases of markets."""
