"""What stands beside an edit: what a person would try first, from the same adapter, and a verdict on all of it.

objectives.py           NPO's loss; weights that make a few rows stand for all
plan.py, descent.py     which rows each step sees, and Adam's steps over them
controls.py             fine-tune on the edited rows, gradient ascent, NPO
setting.py              what a verdict knows beside the figures, and how it says numbers
headline.py, rules.py   its first sentence, and all others
verdict.py              what the numbers mean, the most important first
"""
