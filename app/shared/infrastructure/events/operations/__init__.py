"""Shows deliveries to operators, and changes deliveries for them."""
