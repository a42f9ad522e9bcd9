"""All SQL of auctions, a file a group of tables."""
