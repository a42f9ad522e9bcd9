"""Tables as files and over HTTP: read, written, told of."""
