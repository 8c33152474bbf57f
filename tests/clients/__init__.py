"""Clients that others' tools generate from the OpenAPI document, at work: `make clients`."""
