"""The rules of matching: pure, values in and values out."""
