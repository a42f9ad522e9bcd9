"""All SQL of listings; returns domain values, never rows."""
