"""All SQL of evaluations and valuations."""
