"""What leaves the service, over real sockets."""
