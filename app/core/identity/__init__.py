"""What only accounts need: hashing and checking passwords."""
