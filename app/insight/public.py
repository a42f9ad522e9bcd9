"""What commands may use of the price statistics."""

from app.insight.service.counting import count_anew

__all__ = ["count_anew"]
