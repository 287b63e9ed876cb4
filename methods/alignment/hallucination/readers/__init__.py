"""Readers of the benchmarks' own files. None ships with this package: whoever runs a benchmark brings them.

Every reader raises ValueError that names the file, the row (counted from 1) and the field.
"""
