"""Use cases of demands, a file each."""
