"""Influence edits of any module: the right-hand side, curvature products, solvers, step lengths, and `erase` over them."""
