"""Files: content addressed by SHA-256, types told from content, audience checked on download."""
