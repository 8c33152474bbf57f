"""The world outside: requests and mail that leave the service. Nothing here waits without end."""
