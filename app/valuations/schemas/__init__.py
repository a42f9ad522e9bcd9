"""Bodies and views of evaluations and valuations."""
