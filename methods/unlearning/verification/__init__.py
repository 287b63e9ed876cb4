"""What an edit did, measured: beside the adapter before, the controls and, where there is one, a retrained adapter.

answers.py, texts.py        log-probabilities of answers; exact match, extraction strength, ROUGE-L
decoding.py                 greedy answers of a batch
membership.py               can it be told that a row was trained on, and are the rows compared alike
distances.py                how far from a retrain: parameters, their products, log-probabilities
variants.py                 whether a variant fits the model
probes.py, passes.py        which rows are looked at, and the passes over them
figures.py, measured.py     from the passes to what is reported
verify.py                   all of it for several variants of one adapter
"""
