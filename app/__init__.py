"""Zhepai (浙拍): an open technology exchange."""
