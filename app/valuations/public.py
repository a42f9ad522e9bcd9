"""What other modules may use of valuations."""
