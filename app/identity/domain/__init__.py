"""Rules of parties, logins, tokens and throttling: values in, values out."""
