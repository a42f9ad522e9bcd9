"""Settlement (结算): deals, their money and the registration sheet."""
