"""Rules of markets and their policies: values in, values out."""
