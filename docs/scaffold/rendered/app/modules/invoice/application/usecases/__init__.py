"""The use cases of invoices, a file each."""
