"""The proof bundle: one file from which a stranger recomputes an auction and its winner."""
