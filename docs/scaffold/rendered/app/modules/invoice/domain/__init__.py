"""The rules of invoices, in plain Python."""
