"""Graphs whose nodes have features: reading them from files, naming what is wrong with them, and writing labels back."""
