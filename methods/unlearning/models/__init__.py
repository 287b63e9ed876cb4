"""Adapters: what they say of their origin, opening them on their base, and writing new versions."""
