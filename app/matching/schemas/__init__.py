"""What matching takes and answers over HTTP."""
