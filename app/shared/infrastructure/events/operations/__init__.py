"""What operators see of deliveries, and what they can do with them."""
