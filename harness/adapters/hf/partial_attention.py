"""Attention over part of the keys, and how the results of parts become that of the whole.

With the log-sum-exp of its scores, what attention gives over one part of the keys can be joined
with what it gives over another (Rabe and Staats, "Self-attention Does Not Need O(n^2) Memory",
2021). So keys that many queries share need be read only once for all of them (Juravsky et al.,
"Hydragen", 2024).
"""

from collections.abc import Callable
from functools import cache

import torch
from torch import Tensor

Part = tuple[Tensor, Tensor]
"""Outputs of shape (rows, heads, queries, size), and the log-sum-exp of the scores in float32, of
shape (rows, heads, queries)."""
Kernel = Callable[[Tensor, Tensor, Tensor, float], Part]
_SCORES = 2**26  # numbers that plain attention holds at a time


def attend(
    queries: Tensor, keys: Tensor, values: Tensor, scale: float, mask: Tensor | None = None
) -> Part:
    """Attend to keys by plain products in float32. All are of shape (rows, heads, tokens, size).

    `mask`, of shape (rows, 1, queries, keys), is true where a query sees a key, or is added to the
    scores. A query that sees nothing gets any output, but so small a log-sum-exp that it counts
    for nothing beside another part.
    """
    rows, heads, length, _ = queries.shape
    step = max(1, _SCORES // (rows * heads * keys.shape[2]))
    parts = []
    for start in range(0, length, step):
        some = slice(start, start + step)
        seen = None if mask is None else mask[:, :, some]
        parts.append(_attend(queries[:, :, some], keys, values, scale, seen))
    if len(parts) == 1:
        return parts[0]
    outputs, sums = zip(*parts, strict=True)
    return torch.cat(outputs, dim=2), torch.cat(sums, dim=2)


def attend_to_all(queries: Tensor, keys: Tensor, values: Tensor, scale: float) -> Part:
    """Attend to keys that every query sees, by the fastest kernel that proves itself here."""
    return kernel_for(queries.device.type, queries.dtype, queries.shape[3])(
        queries, keys, values, scale
    )


def join(one: Part, other: Part) -> Tensor:
    """Give what attention over both parts' keys together gives, in float32."""
    share = torch.sigmoid(other[1] - one[1]).unsqueeze(-1)
    return torch.lerp(one[0].float(), other[0].float(), share)


@cache
def kernel_for(device: str, dtype: torch.dtype, size: int) -> Kernel:
    """Choose a kernel: torch's own flash attention, which gives the log-sum-exp on a lower level
    than `scaled_dot_product_attention`, if it agrees with plain products; else those.
    """
    fast = {"cpu": _flash_on_cpu, "cuda": _flash_on_cuda}.get(device)
    return fast if fast and _agrees(fast, device, dtype, size) else attend


def _attend(
    queries: Tensor, keys: Tensor, values: Tensor, scale: float, mask: Tensor | None
) -> Part:
    scores = queries.float() @ keys.float().transpose(2, 3) * scale
    if mask is not None:
        hidden = torch.finfo(torch.float32).min
        scores = scores.masked_fill(~mask, hidden) if mask.dtype == torch.bool else scores + mask
    sums = torch.logsumexp(scores, dim=-1)
    shares = (scores - sums.unsqueeze(-1)).exp()
    return shares @ values.float(), sums


def _flash_on_cpu(queries: Tensor, keys: Tensor, values: Tensor, scale: float) -> Part:
    flash = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu
    output, sums = flash(queries, keys, values, scale=scale)
    return output, sums


def _flash_on_cuda(queries: Tensor, keys: Tensor, values: Tensor, scale: float) -> Part:
    flash = torch.ops.aten._scaled_dot_product_flash_attention
    output, sums, *_ = flash(queries, keys, values, scale=scale)
    return output, sums[..., : queries.shape[2]]


def _agrees(kernel: Kernel, device: str, dtype: torch.dtype, size: int) -> bool:
    """Whether a kernel works here and gives what plain products in float32 give."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        drawn = torch.randn(3, 1, 2, 48, size)
    queries, keys, values = drawn.to(device, dtype)
    try:
        output, sums = kernel(queries[:, :, :5], keys, values, size**-0.5)
    except (RuntimeError, NotImplementedError):  # no such kernel for this card, type or size
        return False
    expected = attend(queries[:, :, :5], keys, values, size**-0.5)
    near = 1e-5 if dtype == torch.float32 else 0.03
    return all(
        torch.allclose(got.float(), want, atol=near, rtol=near)
        for got, want in zip((output, sums), expected, strict=True)
    )
