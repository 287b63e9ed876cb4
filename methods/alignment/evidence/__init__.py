"""Evidence for each preference pair: what CLIP says of every sub-sentence of both answers, and how hard the pair is.

    from methods.alignment import hardness, load_scorer

    scorer = load_scorer("ViT-L-14-336-quickgelu", "openai", device="cuda")
    found = hardness(image, "A dog sleeps. It is brown.", "A cat sleeps.", scorer)
    print(found.delta, [(piece.text, share) for piece, share in zip(found.pieces, found.share)])

`split` cuts answers, `loading` makes a scorer of any open_clip model, `scores` turns cosines into delta and the
data factor, `measuring` does so for many pairs with features kept on disk, `telling` and `report` say what was found,
`files` is what training reads. The method `alignment.hardness` (`run_hardness`) puts them together.

Not published, and our reading: the score of a sub-sentence ("joint_softmax": its share of CLIP's softmax over both answers)
and the splitter (by rules; the paper has an LLM). What the score cannot see: an answer that repeats the other one and adds
a falsehood. Its added sub-sentence gets next to no share, so that delta is just below 0 and the pair looks contested; rows
say so. The mean of cosines sees it, but hardly sees an omission. Shares and sums favour answers with more sub-sentences; runs report the correlation.
"""
