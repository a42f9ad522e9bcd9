"""Ledger (资金账): append-only double entry and deposits held."""
