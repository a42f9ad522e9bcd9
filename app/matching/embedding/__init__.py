"""Meaning 语义: texts as vectors whose cosines say how near they are."""
