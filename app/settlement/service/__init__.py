"""Use cases of settlement."""
