"""Mechanisms that every module uses and none repeats: data, time, identity, transport."""
