"""What PostgreSQL reads to answer each statement, in tables of 100,000 rows."""
