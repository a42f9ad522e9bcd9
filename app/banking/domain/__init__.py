"""The rules of banking: values in, values out."""
