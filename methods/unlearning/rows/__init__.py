"""Instruction rows: reading and writing tables of them, and what a language model is given of each."""
