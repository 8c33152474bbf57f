"""Benchmarks: what the service can do, beside what the machine can. They stand on tests/support."""
