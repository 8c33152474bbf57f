"""The promises of the engine: one suite that runs in every shape."""
