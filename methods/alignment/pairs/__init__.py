"""Preference pairs: read from what people have, checked row by row, converted, shown.

    from methods.alignment import read_pairs

    source = read_pairs("preferences.jsonl", images="pictures")
    print(source.format.title, source.reason, len(source))
    print(source.problems().sentence())
    pair = source[0]

Formats are TRL's, LLaMA-Factory's, ms-swift's and that of RLHF-V, RLAIF-V and DAMA (`formats`); they lie in JSONL, JSON,
parquet, a zip or a folder (`containers`, `rows`, `pictures`); rules that a row may break are in `problems`.
"""
