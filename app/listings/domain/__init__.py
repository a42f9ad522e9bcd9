"""Rules of achievements, listings, notices and registrations: values in, values out."""
