"""What a run of `anomaly.detect` leaves behind, and what can be read from it: numpy only, so that the web process can.

Files are opened as memory maps: an answer about one node of a million touches the rows of that node. What is about the whole
population (ranks, histograms, clusters) is computed from whole arrays; who asks often keeps it.

    mapped     safetensors as memory-mapped arrays          why       the parts of one node's error, which sum to it
    writing    the four files of a run                       absent    links that the model expected and that are missing
    files      the same, opened (the graph by `stored`)      sentence  the same in words
    ranks      mid-rank percentiles, budgets, peers          around    a node and its neighbours
    rows       the `node` rows of a run                      beside    several detectors on one graph
    overview   all nodes, the flagged ones, their clusters   gexf      the flagged nodes for Gephi
"""
