"""The HTTP interface of the task module: requests, URLs and answers."""
