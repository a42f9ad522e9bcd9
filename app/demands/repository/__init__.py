"""All SQL of demands, by subject; returns domain values, never rows."""
