"""The modules of the service.

They meet in two ways only: by published events, and by questions that `app/container.py` connects.
"""
