"""Evidence dossiers 尽职证据: all that shows how a price was found, signed and verifiable."""
