"""Gather what shows how a price was found, and make a dossier of it."""
