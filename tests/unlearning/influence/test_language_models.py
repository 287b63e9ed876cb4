"""Second-order products through real transformers: differences, attention, padding, half-precision bases."""

from __future__ import annotations

import pytest
import torch

from methods.unlearning import Request, erase
from methods.unlearning.influence.curvature.ggn import GaussNewton
from methods.unlearning.influence.curvature.hessian import Hessian
from methods.unlearning.influence.curvature.lora import LoraGaussNewton
from methods.unlearning.influence.losses import Losses, second_order

LENGTHS = (5, 8, 6, 7)


def collate(samples, length=None):
    longest = length or max(map(len, samples))
    ids = torch.zeros(len(samples), longest, dtype=torch.int64)
    mask = torch.zeros_like(ids)
    for place, sample in enumerate(samples):
        ids[place, : len(sample)], mask[place, : len(sample)] = sample, 1
    return {"input_ids": ids, "attention_mask": mask}


def token_mean(model, batch):
    logits = model(**batch, use_cache=False).logits[:, :-1]
    wanted, said = batch["input_ids"][:, 1:], batch["attention_mask"][:, 1:]
    losses = torch.nn.functional.cross_entropy(
        logits.transpose(1, 2).to(torch.promote_types(logits.dtype, torch.float32)),
        wanted,
        reduction="none",
    )
    return (losses * said).sum(1) / said.sum(1)


@pytest.fixture(scope="module")
def sentences():
    generator = torch.Generator().manual_seed(0)
    return [torch.randint(1, 20, (length,), generator=generator) for length in LENGTHS]


@pytest.fixture(scope="module")
def gpt2():
    """Two layers in float64, whose norms stay in it; only the first attention may change."""
    from transformers import GPT2Config, GPT2LMHeadModel

    torch.manual_seed(0)
    config = GPT2Config(
        vocab_size=20, n_positions=12, n_embd=8, n_layer=2, n_head=2, attn_implementation="eager"
    )
    model = GPT2LMHeadModel(config).double().requires_grad_(False)
    model.transformer.h[0].attn.c_attn.requires_grad_(True)
    return model


@pytest.fixture(scope="module")
def build_llama():
    from peft import LoraConfig, get_peft_model
    from transformers import LlamaConfig, LlamaForCausalLM

    def build(attention, precision=torch.float32):
        torch.manual_seed(0)
        config = LlamaConfig(
            vocab_size=20,
            hidden_size=16,
            intermediate_size=24,
            num_hidden_layers=1,
            num_attention_heads=4,
            num_key_value_heads=2,
            attn_implementation=attention,
        )
        base = LlamaForCausalLM(config).to(precision)
        lora = LoraConfig(r=2, target_modules="all-linear", init_lora_weights=False)
        return get_peft_model(base, lora)

    return build


def product_with(model, sentences, kind=GaussNewton, batch_size=2, length=None, keep=False):
    losses = Losses(model, token_mean, lambda rows: collate(rows, length), batch_size)
    theta = losses.flat.values()
    generator = torch.Generator().manual_seed(1)
    vector = torch.randn(theta.shape, generator=generator, dtype=torch.float64).to(theta)
    with second_order(model):
        return kind(losses, theta, sentences, 0.25, keep)(vector), losses, theta, vector


def test_the_hessian_is_the_difference_of_gradients(gpt2, sentences):
    found, losses, theta, vector = product_with(gpt2, sentences, Hessian)
    with second_order(gpt2):
        ahead, behind = (
            losses.gradient(theta + sign * 1e-6 * vector, sentences, 0.25) for sign in (1, -1)
        )
    torch.testing.assert_close(found, (ahead - behind) / 2e-6, rtol=1e-5, atol=1e-7)


def test_the_gauss_newton_product_is_that_of_differenced_logits(gpt2, sentences):
    """v' G v = sum of p-weighted variances of the logits' change, from differences of forward passes."""
    found, losses, theta, vector = product_with(gpt2, sentences)

    def logits(at, sentence):
        batch = {"input_ids": sentence[None], "use_cache": False}
        parts = losses.flat.split(at)
        return torch.func.functional_call(gpt2, parts, (), batch).logits[0, :-1]

    total = 0.0
    gpt2.eval()
    for sentence in sentences:
        p = logits(theta, sentence).softmax(-1)
        change = (
            logits(theta + 1e-6 * vector, sentence) - logits(theta - 1e-6 * vector, sentence)
        ) / 2e-6
        variance = (p * change**2).sum(-1) - (p * change).sum(-1) ** 2
        total += 0.25 * float(variance.mean())
    assert float(vector @ found) == pytest.approx(total, rel=1e-6)


@pytest.mark.parametrize("keep", [False, True])
@pytest.mark.parametrize("kind", [GaussNewton, Hessian])
def test_every_attention_works_and_gives_the_same(build_llama, sentences, kind, keep):
    eager, *_ = product_with(build_llama("eager"), sentences, kind, keep=keep)
    fused, *_ = product_with(build_llama("sdpa"), sentences, kind, keep=keep)
    torch.testing.assert_close(eager, fused, rtol=1e-4, atol=1e-6)


def test_the_coupling_of_peft_s_factors_takes_the_parameters_themselves_to_the_gradient(
    build_llama, sentences
):
    """s G A' is the gradient by B, and s B' G that by A, for every module that PEFT has made."""
    model = build_llama("eager", torch.float64)
    losses = Losses(model, token_mean, collate, batch_size=2)
    theta = losses.flat.values()
    with second_order(model):
        whole = LoraGaussNewton(losses, theta, sentences, 0.25, weight_decay=1e9)(theta)
        plain = GaussNewton(losses, theta, sentences, 0.25)(theta)
        gradient = losses.gradient(theta, sentences, 0.25)
    torch.testing.assert_close(whole - plain, gradient, rtol=1e-4, atol=1e-6)
    assert gradient.norm() > 1e-2


@pytest.mark.parametrize("kind", [GaussNewton, Hessian])
def test_padding_and_company_do_not_matter(gpt2, sentences, kind):
    alone, *_ = product_with(gpt2, sentences, kind, batch_size=1)
    padded, *_ = product_with(gpt2, sentences, kind, batch_size=4, length=11)
    torch.testing.assert_close(alone, padded, rtol=1e-10, atol=1e-12)


def test_outside_of_second_order_the_fused_kernels_are_refused_by_name(build_llama, sentences):
    model = build_llama("sdpa").eval()
    losses = Losses(model, token_mean, collate, 2)
    theta = losses.flat.values()
    with pytest.raises((RuntimeError, NotImplementedError), match="scaled_dot_product"):
        Hessian(losses, theta, sentences[:1], 1.0)(
            torch.ones_like(theta)
        )  # why the context is there


def test_a_base_in_half_precision_is_solved_in_single(build_llama, sentences):
    update = {}
    for precision in (torch.float32, torch.bfloat16):
        model = build_llama("eager", precision)
        assert {p.dtype for n, p in model.named_parameters() if "lora" in n} == {torch.float32}
        found = erase(
            model,
            sentences,
            token_mean,
            Request((1,)),
            collate=collate,
            damping=1.0,
            line_search=False,
        )
        assert {value.dtype for value in found.update.values()} == {torch.float32}
        update[precision] = torch.cat([value.flatten() for value in found.update.values()])
    alike = torch.cosine_similarity(update[torch.float32], update[torch.bfloat16], dim=0)
    assert alike > 0.98


@pytest.mark.gpu
@pytest.mark.parametrize("kind", [GaussNewton, Hessian])
@pytest.mark.parametrize("attention", ["eager", "sdpa"])
def test_cuda_gives_what_the_processor_gives(build_llama, sentences, kind, attention):
    on_cpu, *_ = product_with(build_llama(attention), sentences, kind)
    for keep in (False, True):
        found, *_ = product_with(build_llama(attention).cuda(), sentences, kind, keep=keep)
        torch.testing.assert_close(found.cpu(), on_cpu, rtol=1e-3, atol=1e-5)
