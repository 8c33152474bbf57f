"""Accounts: who somebody is, how they prove it, and what their roles allow.

Publishes UserRegistered, UserVerified and UserDeactivated; listens to nothing.
"""
