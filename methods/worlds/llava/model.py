"""Building and storing the scenes world's LLaVA and its processor in transformers' own layout."""

from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer
from tokenizers.decoders import WordPiece
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import BertPreTokenizer
from torch import Tensor
from transformers import (
    CLIPImageProcessor,
    CLIPVisionConfig,
    LlamaConfig,
    LlavaConfig,
    LlavaForConditionalGeneration,
    LlavaProcessor,
    PreTrainedTokenizerFast,
)

from methods.worlds.captions import OBJECTS, SIZES, background_sentence, there_is
from methods.worlds.clip import PATCH_SIZE
from methods.worlds.llava import IMAGE_SIZE
from methods.worlds.llava.conversations import all_texts
from methods.worlds.scenes import BACKGROUNDS

PAD, UNKNOWN, START, END, IMAGE = "<pad>", "<unk>", "<s>", "</s>", "<image>"
PAD_ID = 0  # the first of the vocabulary
VISION_WIDTH, VISION_LAYERS, VISION_HEADS = 128, 4, 4
LANGUAGE_WIDTH, LANGUAGE_LAYERS, LANGUAGE_HEADS = 160, 4, 4
CHAT_TEMPLATE = (
    # The assistant's turn ends with the end token inside it: otherwise nothing teaches the model to stop.
    "{% for message in messages %}"
    "{% if message.content is string %}{% set parts = [{'type': 'text', 'text': message.content}] %}"
    "{% else %}{% set parts = message.content %}{% endif %}"
    "{% if message.role == 'assistant' %}{{ 'ASSISTANT: ' }}"
    "{% generation %}{% for part in parts %}{{ part.text }}{% endfor %}{{ '</s>' }}{% endgeneration %}"
    "{% else %}{{ 'USER: ' }}"
    "{% for part in parts %}{{ '<image>\\n' if part.type == 'image' else part.text }}{% endfor %}"
    "{% endif %}{{ ' ' }}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ 'ASSISTANT: ' }}{% endif %}"
)


def vocabulary() -> list[str]:
    """Return the words in the order of their ids."""
    texts = [there_is(f"{size} {name}") for size in SIZES for name in OBJECTS]
    texts += [there_is(name) for name in OBJECTS]
    texts += [background_sentence(name) for name in BACKGROUNDS]
    texts += [*all_texts(), "USER: ASSISTANT:"]
    words = BertPreTokenizer()
    seen = {word for text in texts for word, _ in words.pre_tokenize_str(text)}
    return [PAD, UNKNOWN, START, END, IMAGE, *sorted(seen)]


def build_processor() -> LlavaProcessor:
    """Return the processor: words and punctuation, images of 48 x 48, a chat template with an end."""
    ids = {word: index for index, word in enumerate(vocabulary())}
    tokenizer = Tokenizer(WordLevel(ids, unk_token=UNKNOWN))
    tokenizer.pre_tokenizer = BertPreTokenizer()
    tokenizer.decoder = WordPiece(cleanup=True)  # "a circle ." is written "a circle."
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token=PAD,
        unk_token=UNKNOWN,
        bos_token=START,
        eos_token=END,
        padding_side="left",  # answers of a batch begin together; TRL pads on its own
        extra_special_tokens={"image_token": IMAGE},
    )
    side = {"height": IMAGE_SIZE, "width": IMAGE_SIZE}
    return LlavaProcessor(
        image_processor=CLIPImageProcessor(size={"shortest_edge": IMAGE_SIZE}, crop_size=side),
        tokenizer=fast,
        patch_size=PATCH_SIZE,
        vision_feature_select_strategy="default",
        num_additional_image_tokens=1,  # the class token, which "default" leaves out again
        image_token=IMAGE,
        chat_template=CHAT_TEMPLATE,
    )


def build_llava() -> LlavaForConditionalGeneration:
    """Return an untrained model."""
    ids = {word: index for index, word in enumerate(vocabulary())}
    tokens: dict[str, Any] = {
        "pad_token_id": ids[PAD],
        "bos_token_id": ids[START],
        "eos_token_id": ids[END],
    }
    vision = CLIPVisionConfig(
        hidden_size=VISION_WIDTH,
        intermediate_size=4 * VISION_WIDTH,
        num_hidden_layers=VISION_LAYERS,
        num_attention_heads=VISION_HEADS,
        image_size=IMAGE_SIZE,
        patch_size=PATCH_SIZE,
        hidden_act="gelu",  # open_clip's own, not OpenAI's quick_gelu
    )
    text = LlamaConfig(
        vocab_size=len(ids),
        hidden_size=LANGUAGE_WIDTH,
        intermediate_size=LANGUAGE_WIDTH * 8 // 3,
        num_hidden_layers=LANGUAGE_LAYERS,
        num_attention_heads=LANGUAGE_HEADS,
        num_key_value_heads=LANGUAGE_HEADS,
        max_position_embeddings=256,
        **tokens,
    )
    config = LlavaConfig(
        vision_config=vision,
        text_config=text,
        image_token_index=ids[IMAGE],
        image_seq_length=(IMAGE_SIZE // PATCH_SIZE) ** 2,
        vision_feature_layer=-1,
        vision_feature_select_strategy="default",
        **tokens,
    )
    model = LlavaForConditionalGeneration(config)
    model.generation_config.update(max_new_tokens=64, do_sample=False, **tokens)
    return model


def tower_weights(open_clip_weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return open_clip's image tower under the names of transformers' `CLIPVisionModel`.

    Args:
        open_clip_weights: an `open_clip.CLIP`'s state; names without "visual." are left out.
    """
    visual = {
        name.removeprefix("visual."): value
        for name, value in open_clip_weights.items()
        if name.startswith("visual.")
    }
    renamed = {
        "embeddings.class_embedding": visual["class_embedding"],
        "embeddings.position_embedding.weight": visual["positional_embedding"],
        "embeddings.patch_embedding.weight": visual["conv1.weight"],
    }
    for kind in ("weight", "bias"):
        renamed[f"pre_layrnorm.{kind}"] = visual[f"ln_pre.{kind}"]
        renamed[f"post_layernorm.{kind}"] = visual[f"ln_post.{kind}"]
        for index in range(VISION_LAYERS):
            block, new = f"transformer.resblocks.{index}", f"encoder.layers.{index}"
            joint = visual[f"{block}.attn.in_proj_{kind}"].chunk(3)
            for name, value in zip(("q_proj", "k_proj", "v_proj"), joint, strict=True):
                renamed[f"{new}.self_attn.{name}.{kind}"] = value
            renamed[f"{new}.self_attn.out_proj.{kind}"] = visual[f"{block}.attn.out_proj.{kind}"]
            renamed[f"{new}.layer_norm1.{kind}"] = visual[f"{block}.ln_1.{kind}"]
            renamed[f"{new}.layer_norm2.{kind}"] = visual[f"{block}.ln_2.{kind}"]
            renamed[f"{new}.mlp.fc1.{kind}"] = visual[f"{block}.mlp.c_fc.{kind}"]
            renamed[f"{new}.mlp.fc2.{kind}"] = visual[f"{block}.mlp.c_proj.{kind}"]
    return {name: value.contiguous() for name, value in renamed.items()}


def store_llava(
    model: LlavaForConditionalGeneration, folder: Path, dtype: torch.dtype = torch.float16
) -> None:
    """Write model and processor as `from_pretrained` reads them; the given model stays as it is."""
    folder.mkdir(parents=True, exist_ok=True)
    weights = {name: value.to(dtype) for name, value in model.state_dict().items()}
    model.save_pretrained(folder, state_dict=weights)
    build_processor().save_pretrained(folder)
