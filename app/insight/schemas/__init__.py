"""Views of the price statistics."""
