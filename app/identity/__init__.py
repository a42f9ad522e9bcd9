"""Identity: parties, users, memberships, partner clients and their tokens."""
