"""Use cases of evaluation and valuation."""
