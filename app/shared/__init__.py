"""Pure values and rules that every module shares: no database, clock, framework or randomness."""
