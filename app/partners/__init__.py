"""Partners: what other exchanges integrate with; the change feed."""
