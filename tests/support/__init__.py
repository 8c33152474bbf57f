"""The infrastructure of the tests: databases, servers, clients."""
