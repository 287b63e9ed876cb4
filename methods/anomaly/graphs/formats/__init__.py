"""One module a file format: from bytes to the parts of a graph."""
