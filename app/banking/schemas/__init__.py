"""Bodies and views of banking."""
