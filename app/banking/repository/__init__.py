"""All SQL of banking, a subject a file."""
