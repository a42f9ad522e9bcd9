"""What settlement's routes take and answer, by subject."""
