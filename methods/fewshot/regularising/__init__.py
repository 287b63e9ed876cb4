"""Attentive feature regularisation measured on paired episodes: the method `fewshot.regularise`."""
