"""One more piece of a module: a use case, an event or a handler, in its place and with its test."""
