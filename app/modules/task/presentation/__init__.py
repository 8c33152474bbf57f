"""The task module on the web: what may be sent, where, and what is answered."""
