"""Bodies and views of listings."""
