"""Requests and responses of auctions, a file a group of routes."""
