"""The examples of the documents, used as a reader would use them."""
