"""How good scores are against what is known of the nodes: labels of the graph, or what people decided. numpy only.

Ties are exact everywhere, nodes that nobody knows (-1) are left out, and every figure has its 95 % interval.

    cells      nodes grouped by their place among the positives, from which all figures and their resamples follow
    figures    AUC, average precision, precision and recall at a budget
    judge      one score against labels      compare   several, with paired differences on the same resamples
"""
