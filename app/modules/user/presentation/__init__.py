"""The HTTP interface of the user module: requests, URLs and answers."""
