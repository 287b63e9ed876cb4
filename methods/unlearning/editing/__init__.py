"""One request, answered by one edit of an adapter, and the proof of what changed.

config.py, presets.py, check.py, estimate.py    what may be chosen, what is refused, what it will cost and is worth
request_file.py, direction_file.py              what is asked, and a direction that an earlier edit has found
subject.py, probing.py                          what an edit works on, and the rows that it is looked at on
stages.py                                       progress over all stages, and the checkpoint of those that are finished
solving.py, curve.py, beside.py                 the edit, every step length, the controls and the retrains
records.py, closing.py, certificate.py          what is recorded, saved and certified
run_erase.py                                    the run
naming.py, sweep.py                             what variants are called, and what several edits say together
"""
