"""The demo market and the demo deal, driven over HTTP as a visitor would."""
