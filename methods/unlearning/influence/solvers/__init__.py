"""Solvers of A x = b that see A only through its products with vectors."""
