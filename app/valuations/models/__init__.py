"""Tables of evaluations and valuations; importing this package registers all of them."""
