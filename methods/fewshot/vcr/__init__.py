"""View refinement (VCR): crops of a picture at several sizes, of each size the one whose name CLIP is surest of, merged.

    settings = PRESETS["normal"]                                 # scales, views of each, seed, how the whole picture is seen
    seen, = view_features([picture], settings, tower_of(encoder), cache)
    whole = seen.whole(plain)                                    # plain: CLIP's own raw feature (D,) of the picture
    refined = refine_views(seen.features, whole, text_features)  # refined.feature takes plain's place in any classifier
    others = control_features(seen.features, whole, text_features, seed=seen.seed)

`boxes` draws the crops, `crops` cuts them, `features` encodes and keeps them, `margins` says how sure CLIP is of each, `merging` adds
the chosen ones up. Only `features` needs pictures and a CLIP: a change of class names, margin or merge begins at `refine_views`.
Scales are shares of the picture's area; a scale of 1 is the whole picture. Nothing is kept from one picture to the next.
"""
