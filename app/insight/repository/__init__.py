"""What the statistics know, in the database."""
