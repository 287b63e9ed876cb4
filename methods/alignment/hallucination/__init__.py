"""Hallucination that can be counted: CHAIR, Object HalBench, AMBER, POPE and MMHal-Bench, and the scenes world.

    from methods.alignment import Synonyms, chair

    synonyms = Synonyms((("dog", "puppy"), ("cat",), ("person", "girl", "boy")))
    scores = chair({"1": "A girl with two puppies."}, {"1": ["person", "cat"]}, synonyms)
    scores["chair_i"].value  # 0.5: the puppies; scores["recall"].value is 0.5 as well: no cat

Each benchmark is a pure function from answers to `Scores`: rates with what they divide, intervals over images, and one
entry an answer, with the place of every object it names. Reading the official files is apart from it (`readers`), and so is
asking a model (`answering`). Importing this package loads no torch.
"""
