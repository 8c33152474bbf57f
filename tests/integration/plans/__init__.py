"""What PostgreSQL reads for each statement, in tables of 100,000 rows."""
