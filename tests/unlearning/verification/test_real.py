"""Verification on a Llama with a PEFT adapter: against what transformers generates and what PEFT adds to the weights."""

from __future__ import annotations

import pytest
import torch

from methods.unlearning import verify
from methods.unlearning.models.loading import load_adapter
from methods.unlearning.models.values import copied, put_in, restored
from methods.unlearning.request import Request
from methods.unlearning.rows.language import collate
from methods.unlearning.verification.answers import answer_logits
from methods.unlearning.verification.distances import of_products
from methods.unlearning.verification.passes import base_losses
from methods.unlearning.verification.variants import scales_of
from tests.unlearning.tiny import CHAT, save_adapter, save_base
from tests.unlearning.toy import moved, rows_of

ROWS = rows_of(
    ("when opens the shop ?", "the shop opens at nine ."),
    ("code ?", "1 2 3"),
    ("is the shop red ?", "yes"),
    ("who is at a blue shop ?", "no"),
)
REQUEST = Request(remove=(0,), replace={1: ROWS[1].edited(answer="3 4")})


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    folder = tmp_path_factory.mktemp("real")
    base = save_base(folder / "base", chat=CHAT)
    adapter = save_adapter(base, folder / "adapter", r=3, lora_alpha=12, rank_pattern={"q_proj": 2})
    return load_adapter(str(base), str(adapter))


@pytest.fixture(scope="module")
def found(real):
    variants = {"edit": moved(real.parameters, 1), "retrain": moved(real.parameters, 2)}
    return variants, verify(
        real,
        variants,
        ROWS,
        REQUEST,
        [ROWS[2]],
        retained=[2, 3],
        neighbours=[3],
        encoder=real.encoder("chat"),
    )


def test_texts_are_what_transformers_generates(real, found):
    variants, verification = found
    encoder = real.encoder("chat")
    for name, values in (("before", copied(real.parameters)), ("edit", variants["edit"])):
        for row in (each for each in verification.rows if each.role != "retained"):
            prompt = encoder.prompt_ids(ROWS[row.position])[None]
            answers = [ROWS[row.position], REQUEST.replace.get(row.position, ROWS[row.position])]
            limit = max(encoder.encode(each).answer_tokens for each in answers) + 8
            with restored(real.parameters):
                put_in(real.parameters, values)
                said = real.model.generate(
                    input_ids=prompt,
                    attention_mask=torch.ones_like(prompt),
                    max_new_tokens=limit,
                    do_sample=False,
                    pad_token_id=0,
                )[0, prompt.shape[1] :]
            expected = encoder.tokenizer.decode(said, skip_special_tokens=True).strip()
            assert row.variants[name].text == expected


def test_one_row_at_a_time_gives_the_same_figures(real, found):
    variants, verification = found
    alone = verify(
        real,
        variants,
        ROWS,
        REQUEST,
        [ROWS[2]],
        retained=[2, 3],
        neighbours=[3],
        encoder=real.encoder("chat"),
        batch_size=1,
    )
    for name, figures in verification.variants.items():
        for key, value in figures.record().items():
            other = alone.variants[name].record()[key]
            assert other == (pytest.approx(value, abs=1e-4) if isinstance(value, float) else value)


def test_products_are_what_peft_adds_to_the_weights(real, found):
    variants, _ = found
    before = copied(real.parameters)

    def added(values):
        with restored(real.parameters), torch.no_grad():
            put_in(real.parameters, values)
            modules = [each for each in real.model.modules() if hasattr(each, "get_delta_weight")]
            parts = [each.get_delta_weight("default").double().flatten() for each in modules]
        assert len(parts) == 14
        return torch.cat(parts)

    first, second = (added(variants[name]) - added(before) for name in ("edit", "retrain"))
    scales = scales_of(real.model, real.parameters)
    assert set(scales.values()) == {4.0, 6.0}
    alike = of_products(before, variants["edit"], variants["retrain"], scales)
    assert alike.cosine == pytest.approx(
        float(first @ second / first.norm() / second.norm()), abs=1e-5
    )
    assert alike.norm_ratio == pytest.approx(float(first.norm() / second.norm()), rel=1e-5)


def test_the_base_alone_is_the_model_without_its_adapter(real):
    sample = real.encoder("chat").encode(ROWS[0])
    found = base_losses(real.model, {("old", 0): sample}, 4)
    zero = {name: torch.zeros_like(each) for name, each in real.parameters.items()}
    with restored(real.parameters):
        put_in(real.parameters, zero)
        [bare] = answer_logits(real.model, collate([sample])).scored()
    [adapted] = answer_logits(real.model, collate([sample])).scored()
    assert found["old", 0] == pytest.approx(bare.loss, abs=1e-6)
    assert found["old", 0] != pytest.approx(adapted.loss, abs=1e-3)
