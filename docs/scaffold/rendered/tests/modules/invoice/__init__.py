"""What the base's tests have to know of invoices, and what the tests of invoices share."""
