"""Attention over part of the keys, and how the results of parts become that of the whole.

With the log-sum-exp of its scores, what attention gives over one part of the keys can be joined
with what it gives over another (Rabe and Staats, "Self-attention Does Not Need O(n^2) Memory",
2021). So keys that many queries share need be read only once for all of them (Juravsky et al.,
"Hydragen", 2024).
"""

from collections.abc import Callable, Mapping
from functools import cache

import torch
from torch import Tensor

Part = tuple[Tensor, Tensor]
"""Outputs of shape (rows, heads, queries, size), and the log-sum-exp of the scores in float32, of
shape (rows, heads, queries)."""
Kernel = Callable[[Tensor, Tensor, Tensor, float, Tensor | None], Part]
_SCORES = 2**26  # numbers that plain attention holds at a time
_ALIGNED = 16
_NOTHING = -1e4  # a log-sum-exp that counts for nothing beside another part


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


def attend_fast(
    queries: Tensor, keys: Tensor, values: Tensor, scale: float, mask: Tensor | None = None
) -> Part:
    """Do what `attend` does by the fastest kernel that proves itself here; the output is in the
    dtype of the queries.
    """
    kernel = kernel_for(queries.device.type, queries.dtype, queries.shape[3], mask is not None)
    return kernel(queries, keys, values, scale, mask)


def join(one: Part, other: Part) -> Tensor:
    """Give what attention over both parts' keys together gives, in float32."""
    share = torch.sigmoid(other[1] - one[1]).unsqueeze(-1)
    return torch.lerp(one[0].float(), other[0].float(), share)


@cache
def kernel_for(device: str, dtype: torch.dtype, size: int, masked: bool) -> Kernel:
    """Choose a kernel: the first of torch's own, which give the log-sum-exp on a lower level than
    `scaled_dot_product_attention`, that agrees with plain products; else those.
    """
    fast = _KERNELS.get(device, ())
    return next((each for each in fast if _agrees(each, device, dtype, size, masked)), attend)


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


def _flash_on_cpu(
    queries: Tensor, keys: Tensor, values: Tensor, scale: float, mask: Tensor | None
) -> Part:
    flash = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu
    bias = None if mask is None else _bias(mask, queries)
    output, sums = flash(queries, keys, values, attn_mask=bias, scale=scale)
    return output, sums


def _flash_on_cuda(
    queries: Tensor, keys: Tensor, values: Tensor, scale: float, mask: Tensor | None
) -> Part:
    if mask is not None:  # `kernel_for` then asks the next kernel
        raise NotImplementedError("it takes no mask but a causal one")
    flash = torch.ops.aten._scaled_dot_product_flash_attention
    output, sums, *_ = flash(queries, keys, values, scale=scale)
    return output, sums[..., : queries.shape[2]]


def _efficient_on_cuda(
    queries: Tensor, keys: Tensor, values: Tensor, scale: float, mask: Tensor | None
) -> Part:
    efficient = torch.ops.aten._scaled_dot_product_efficient_attention
    bias = None if mask is None else _bias(mask, queries)
    output, sums, *_ = efficient(queries, keys, values, bias, True, scale=scale)
    return output, sums[..., : queries.shape[2]]


def _bias(mask: Tensor, queries: Tensor) -> Tensor:
    """Give what is added to the scores, (rows, heads, queries, keys), each row of keys beginning
    where the kernels can read it at once.

    What is hidden is low enough to count for nothing and high enough for no kernel to overflow,
    also where a query sees nothing at all.
    """
    rows, _, length, keys = mask.shape
    low = max(torch.finfo(queries.dtype).min, -1e30)
    room = queries.new_empty(rows, 1, length, -(-keys // _ALIGNED) * _ALIGNED)[..., :keys]
    if mask.dtype == torch.bool:
        room.fill_(0).masked_fill_(~mask, low)
    else:
        room.copy_(mask.clamp(min=low))
    return room.expand(-1, queries.shape[1], -1, -1)


def _agrees(kernel: Kernel, device: str, dtype: torch.dtype, size: int, masked: bool) -> bool:
    """Whether a kernel works here and gives what plain products in float32 give; masked, also with
    padding before the first token and a query that sees nothing.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        drawn = torch.randn(3, 2, 2, 43, size)
    queries, keys, values = drawn.to(device, dtype)
    mask = None
    if masked:
        places = torch.arange(43, device=device)
        mask = (places <= places[-5:, None]) & (places >= 7)
        mask = torch.stack([mask, mask & (torch.arange(5, device=device) > 0)[:, None]])[:, None]
    try:
        output, sums = kernel(queries[:, :, -5:], keys, values, size**-0.5, mask)
    except (RuntimeError, NotImplementedError):  # no such kernel for this card, type or size
        return False
    expected, its_sums = attend(queries[:, :, -5:], keys, values, size**-0.5, mask)
    seen = its_sums > _NOTHING
    near = 1e-5 if dtype == torch.float32 else 0.03
    return (
        bool(output.isfinite().all())
        and bool((sums[~seen] < _NOTHING).all())
        and torch.allclose(output[seen].float(), expected[seen], atol=near, rtol=near)
        and torch.allclose(sums[seen].float(), its_sums[seen], atol=near, rtol=near)
    )


_KERNELS: Mapping[str, tuple[Kernel, ...]] = {
    "cpu": (_flash_on_cpu,),
    "cuda": (_flash_on_cuda, _efficient_on_cuda),
}
