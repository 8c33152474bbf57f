"""Who is measured: each answers the same requests with the same answers, in its own way."""
