"""What reaches the service from people and programs that mean it no good, or know no better."""
