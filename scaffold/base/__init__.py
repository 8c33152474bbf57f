"""A project as a rendered commit of this base."""
