"""Evaluation 评价 and valuation 估值 of results: panels, scores, methods, simulations, reports."""
