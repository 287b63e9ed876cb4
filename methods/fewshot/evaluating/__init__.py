"""How right few-shot classifiers are on a labelled set, with and without looking closer, paired over pictures and support draws."""
