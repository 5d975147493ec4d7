"""Attention in parts is attention over all keys, and no kernel is believed without proof."""

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention
from transformers import AttentionInterface

from harness.adapters.hf import partial_attention
from harness.adapters.hf.partial_attention import (
    Part,
    attend,
    attend_fast,
    join,
    kernel_for,
)
from harness.adapters.hf.shared_attention import NAME, Before, attend_behind, behind

SIZE = 16
SCALE = SIZE**-0.5


def drawn(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, SIZE, generator=torch.Generator().manual_seed(seed))


def padded_mask(rows: int, length: int, keys: int) -> Tensor:
    """Causal, with as many padding tokens on the left as the row's number."""
    places = torch.arange(keys)
    causal = places[None, :] <= torch.arange(keys - length, keys)[:, None]
    return torch.stack([causal & (places >= row) for row in range(rows)])[:, None]


@pytest.mark.parametrize("heads", [2, 6])
@pytest.mark.parametrize("length", [1, 5, 9])
@pytest.mark.parametrize("additive", [False, True])
def test_a_shared_prefix_and_own_keys_are_all_keys(heads: int, length: int, additive: bool) -> None:
    rows, shared, before, own = 3, 2, 40, 9
    query = drawn(rows, heads, length)
    prefix = (drawn(1, shared, before, seed=1), drawn(1, shared, before, seed=2))
    key, value = drawn(rows, shared, own, seed=3), drawn(rows, shared, own, seed=4)
    mask = padded_mask(rows, length, own)
    seen = torch.cat([mask.new_ones(rows, 1, length, before), mask], dim=-1)
    whole = [
        torch.cat([part.expand(rows, -1, -1, -1), mine], dim=2).repeat_interleave(
            heads // shared, dim=1
        )
        for part, mine in zip(prefix, (key, value), strict=True)
    ]
    expected = scaled_dot_product_attention(query, *whole, attn_mask=seen, scale=SCALE)
    hidden = torch.finfo(torch.float32).min
    given = torch.zeros(mask.shape).masked_fill(~mask, hidden) if additive else mask
    found = attend_behind(prefix, query, key, value, given, SCALE)
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)


def test_a_query_that_sees_none_of_its_own_keys_has_the_prefix_alone() -> None:
    query, key, value = (drawn(1, 2, 4, seed=seed) for seed in range(3))
    prefix = (drawn(1, 2, 7, seed=3), drawn(1, 2, 7, seed=4))
    nothing = torch.zeros(1, 1, 4, 4, dtype=torch.bool)
    found = attend_behind(prefix, query, key, value, nothing, SCALE)
    torch.testing.assert_close(found, scaled_dot_product_attention(query, *prefix))


def test_in_bfloat16_parts_cost_one_rounding_more_at_most() -> None:
    rows, shared, before, own = 2, 2, 500, 30
    exact = [
        drawn(rows, 4, own),
        drawn(1, shared, before, seed=1),
        drawn(1, shared, before, seed=2),
    ]
    exact += [drawn(rows, shared, own, seed=3), drawn(rows, shared, own, seed=4)]
    query, *both = [each.bfloat16() for each in exact]
    mask = padded_mask(rows, own, own)
    seen = torch.cat([mask.new_ones(rows, 1, own, before), mask], dim=-1)
    keys, values = (
        torch.cat([both[n].expand(rows, -1, -1, -1), both[n + 2]], dim=2).repeat_interleave(2, 1)
        for n in (0, 1)
    )
    expected = scaled_dot_product_attention(
        query.float(), keys.float(), values.float(), attn_mask=seen, scale=SCALE
    )
    whole = scaled_dot_product_attention(query, keys, values, attn_mask=seen, scale=SCALE)
    parts = attend_behind((both[0], both[1]), query, both[2], both[3], mask, SCALE)
    assert parts.dtype == torch.bfloat16
    errors = [(each.float() - expected).square().mean().sqrt() for each in (parts, whole)]
    assert errors[0] < 2**0.5 * errors[1]


def test_many_queries_are_taken_a_part_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    query, key, value = drawn(2, 3, 50), drawn(2, 3, 20, seed=1), drawn(2, 3, 20, seed=2)
    mask = padded_mask(2, 50, 50)[..., :20] | True
    expected = attend(query, key, value, SCALE, mask)
    monkeypatch.setattr(partial_attention, "_SCORES", 2 * 3 * 20 * 7)
    for given in (None, mask):
        for got, want in zip(attend(query, key, value, SCALE, given), expected, strict=True):
            torch.testing.assert_close(got, want)


def test_parts_join_in_any_number() -> None:
    query, key, value = drawn(1, 2, 5), drawn(1, 2, 60, seed=1), drawn(1, 2, 60, seed=2)
    one = attend(query, key[:, :, :23], value[:, :, :23], SCALE)
    other = attend(query, key[:, :, 23:], value[:, :, 23:], SCALE)
    expected = scaled_dot_product_attention(query, key, value)
    torch.testing.assert_close(join(one, other), expected)
    torch.testing.assert_close(join(other, one), expected)


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_the_kernel_of_this_processor_is_used_as_it_agrees(
    dtype: torch.dtype, masked: bool
) -> None:
    kernel_for.cache_clear()
    assert kernel_for("cpu", dtype, 64, masked) is partial_attention._flash_on_cpu


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
def test_the_kernels_of_a_gpu_are_used_as_they_agree(dtype: torch.dtype) -> None:
    flash, efficient = partial_attention._KERNELS["cuda"]
    kernel_for.cache_clear()
    assert kernel_for("cuda", dtype, 128, False) is (efficient if dtype == torch.float32 else flash)
    assert kernel_for("cuda", dtype, 128, True) is efficient


def _wrong_sums(
    query: Tensor, key: Tensor, value: Tensor, scale: float, mask: Tensor | None
) -> Part:
    output, sums = attend(query, key, value, scale, mask)
    return output, sums / 0.6931  # to base two


def _unmasked(query: Tensor, key: Tensor, value: Tensor, scale: float, mask: Tensor | None) -> Part:
    return attend(query, key, value, scale, None if mask is None else mask | True)


def _no_number(
    query: Tensor, key: Tensor, value: Tensor, scale: float, mask: Tensor | None
) -> Part:
    output, sums = attend(query, key, value, scale, mask)
    return torch.where(sums[..., None] < -1e4, torch.nan, output), sums


def _lacking(query: Tensor, key: Tensor, value: Tensor, scale: float, mask: Tensor | None) -> Part:
    raise NotImplementedError("no kernel for this type")


@pytest.mark.parametrize("kernel", [_wrong_sums, _unmasked, _no_number, _lacking])
def test_a_kernel_that_does_not_agree_is_not_used(
    kernel: partial_attention.Kernel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(partial_attention, "_KERNELS", {"cpu": (kernel,)})
    kernel_for.cache_clear()
    assert kernel_for("cpu", torch.float32, 64, True) is attend
    kernel_for.cache_clear()


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("additive", [False, True])
def test_the_fast_kernel_sees_what_the_mask_shows(dtype: torch.dtype, additive: bool) -> None:
    query, key, value = (drawn(3, 2, 50, seed=seed).to(dtype) for seed in range(3))
    mask = padded_mask(3, 50, 50)
    mask[0, 0, 3] = False
    hidden = torch.finfo(torch.float32).min
    given = torch.zeros(mask.shape).masked_fill(~mask, hidden) if additive else mask
    expected = attend(query, key, value, SCALE, mask)
    found = attend_fast(query, key, value, SCALE, given)
    near = 1e-5 if dtype == torch.float32 else 0.02
    seen = expected[1] > -1e4
    assert bool((found[1][~seen] < -1e4).all())
    for got, want in zip(found, expected, strict=True):
        torch.testing.assert_close(got[seen].float(), want[seen], atol=near, rtol=near)


@pytest.mark.parametrize(
    ("name", "tensors"),
    [
        ("_scaled_dot_product_flash_attention", 3),
        ("_scaled_dot_product_efficient_attention", 5),
    ],
)
def test_the_kernels_of_a_gpu_are_called_as_torch_declares_them(name: str, tensors: int) -> None:
    """No GPU is needed to see that the arguments exist and that two tensors come first."""
    schema = getattr(torch.ops.aten, name).default._schema
    names = [each.name for each in schema.arguments]
    given = ["query", "key", "value", "attn_bias", "compute_log_sumexp"][:tensors]
    assert names[:tensors] == given
    assert "scale" in names
    assert all(each.has_default_value() for each in schema.arguments[tensors:])
    assert [each.name.replace("_", "") for each in schema.returns][:2] == ["output", "logsumexp"]


def test_keys_that_lost_their_prefix_are_no_answer() -> None:
    attention = AttentionInterface()[NAME]
    query, key, value = (drawn(1, 2, 3, seed=seed) for seed in range(3))
    mask = torch.ones(1, 1, 3, 10, dtype=torch.bool)
    with pytest.raises(RuntimeError, match="the mask is of 10 tokens, the shared prefix of 0"):
        attention(nn.Identity(), query, key, value, mask)
    noted = behind(Before((drawn(1, 2, 7), drawn(1, 2, 7))), key)
    with pytest.raises(RuntimeError, match="the mask is of None tokens, the shared prefix of 7"):
        attention(nn.Identity(), query, noted, value, None)


@pytest.mark.parametrize(
    ("told", "met"), [({}, True), ({"sliding_window": None}, True), ({"sliding_window": 4}, False)]
)
def test_attention_says_that_it_has_met_a_layer(told: dict[str, int | None], met: bool) -> None:
    before = Before()
    query, key, value = (drawn(1, 2, 3, seed=seed) for seed in range(3))
    AttentionInterface()[NAME](nn.Identity(), query, behind(before, key), value, None, **told)
    assert before.met is met
