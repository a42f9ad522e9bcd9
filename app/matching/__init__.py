"""Matching 精准匹配: demands and achievements brought together, both ways, with reasons."""
