"""Clients that external tools generate from the OpenAPI document, in use: `make clients`."""
