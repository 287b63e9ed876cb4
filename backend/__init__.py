"""The only place where methods and storage meet: what may be run, when, where, and what becomes of it."""
