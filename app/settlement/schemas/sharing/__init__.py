"""What the routes of income sharing take (`bodies`) and answer (`views`)."""
