"""Use cases of auctions, a file each."""
