"""Use cases of income sharing."""
