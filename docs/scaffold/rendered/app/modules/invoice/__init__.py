"""Invoices: users see and change their own.

Publishes `invoice.created`, `invoice.updated`, `invoice.sent`, `invoice.paid` and
`invoice.deleted`.
"""
