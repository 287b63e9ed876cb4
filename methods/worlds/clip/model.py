"""Building and storing the scenes world's CLIP in open_clip's own layout."""

import json
from pathlib import Path
from typing import Any

import open_clip
import torch
from open_clip.constants import OPENAI_DATASET_MEAN, OPENAI_DATASET_STD
from safetensors.torch import save_file
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.normalizers import Lowercase
from tokenizers.pre_tokenizers import BertPreTokenizer
from tokenizers.processors import TemplateProcessing
from transformers import PreTrainedTokenizerFast

from methods.worlds.clip import IMAGE_SIZE, PATCH_SIZE
from methods.worlds.clip.statements import STATEMENTS

CONTEXT_LENGTH = 16
EMBED_DIM = 128
PAD, UNKNOWN, START, END = "<pad>", "<unk>", "<start>", "<end>"


def vocabulary() -> list[str]:
    """Return the words in the order of their ids; END has the largest, where open_clip pools."""
    words = BertPreTokenizer()
    seen = {
        word
        for statement in STATEMENTS
        for text in statement.wordings()
        for word, _ in words.pre_tokenize_str(text.lower())
    }
    return [PAD, UNKNOWN, START, *sorted(seen), END]


def model_config() -> dict[str, Any]:
    """Return open_clip's `model_cfg`."""
    return {
        "embed_dim": EMBED_DIM,
        "vision_cfg": {
            "image_size": IMAGE_SIZE,
            "patch_size": PATCH_SIZE,
            "layers": 4,
            "width": 128,
            "head_width": 32,
        },
        "text_cfg": {
            "context_length": CONTEXT_LENGTH,
            "vocab_size": len(vocabulary()),
            "hf_tokenizer_name": "words",  # the folder's own tokenizer.json
            "width": 64,
            "heads": 2,
            "layers": 2,
        },
    }


def build_clip() -> open_clip.CLIP:
    """Return an untrained model."""
    config = model_config()
    return open_clip.CLIP(**config)


def build_tokenizer() -> PreTrainedTokenizerFast:
    """Return the tokeniser: lower-case words and punctuation, between START and END."""
    ids = {word: index for index, word in enumerate(vocabulary())}
    tokenizer = Tokenizer(WordLevel(ids, unk_token=UNKNOWN))
    tokenizer.normalizer = Lowercase()
    tokenizer.pre_tokenizer = BertPreTokenizer()
    tokenizer.post_processor = TemplateProcessing(
        single=f"{START} $A {END}", special_tokens=[(START, ids[START]), (END, ids[END])]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        model_max_length=CONTEXT_LENGTH,
        pad_token=PAD,
        unk_token=UNKNOWN,
        bos_token=START,
        eos_token=END,
    )


def store_clip(model: open_clip.CLIP, folder: Path, dtype: torch.dtype = torch.float16) -> None:
    """Write config, weights and tokeniser, as `create_model_and_transforms("local-dir:...")` reads them."""
    folder.mkdir(parents=True, exist_ok=True)
    preprocess = {"mean": list(OPENAI_DATASET_MEAN), "std": list(OPENAI_DATASET_STD)}
    config = {"model_cfg": model_config(), "preprocess_cfg": preprocess}
    (folder / "open_clip_config.json").write_text(json.dumps(config, indent=2) + "\n")
    weights = {name: value.to(dtype).contiguous() for name, value in model.state_dict().items()}
    save_file(weights, folder / "open_clip_model.safetensors", metadata={"format": "pt"})
    build_tokenizer().save_pretrained(folder)
