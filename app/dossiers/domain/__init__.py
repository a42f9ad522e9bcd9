"""What a dossier holds and how it is verified: pure, so that anyone can do it offline."""
