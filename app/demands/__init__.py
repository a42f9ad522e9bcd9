"""Demands (技术需求): what enterprises want solved, posted on the board."""
