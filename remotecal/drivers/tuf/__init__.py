"""TUF-2000 clamp-on flow meters."""
