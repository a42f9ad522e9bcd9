"""Bodies and views of demands, by subject."""
