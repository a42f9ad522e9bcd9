"""Rules of demands: values in, values out."""
