"""Sending a request again."""
