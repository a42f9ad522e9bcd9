"""All SQL of identity and the mapping of rows to domain values."""
