"""What users do with invoices."""
