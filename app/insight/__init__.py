"""Honest figures from what was journaled."""
