"""The exchange's bank: statements read, arrivals attributed, payments ordered."""
