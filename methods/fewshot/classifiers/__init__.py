"""Classifiers of CLIP features from a few shots: every one takes a feature, refined or not, and gives logits at CLIP's scale.

    support = Support(views, labels, classes)             # raw features (A, N, D) of A views of each picture
    fitted = fit_classifier("tip", support, text_features)
    fitted.logits(features), fitted.chosen.alpha, fitted.chosen.map

`tip` and `tip_f` are Tip-Adapter without and with training, `gda` a Gaussian a class, `linear` a probe held to the class texts,
`choosing` takes alpha and beta from the support or a validation set, `fitting` does all of it by name.
"""
