"""Invoices: a user writes them, sends them to customers and marks them as paid.

Publishes `invoice.sent`. Handles `invoice.sent` with an email to the customer.
"""
