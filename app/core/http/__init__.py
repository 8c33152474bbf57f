"""What only HTTP needs: requests, routes, answers, connections."""
