"""Rules and formulas of evaluation and valuation."""
