"""The tables of invoices, and the adapters of the module."""
