"""What scores the nodes of a graph: trivial scores, an Isolation Forest, and PyGOD's detectors through an adapter."""
