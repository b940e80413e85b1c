"""Quantised forms of published checkpoints: how each packs a weight matrix, and what it then holds.

A form has `quantises(name)`, `pack(name, matrix)` → the tensors that stand for `name` on disk, and
`unpack(tensors)` → tensors with every packed group replaced by its float32 matrix. `unpack` is the
definition: the reference computes with what it gives. Matrices are (out, in).
"""

import re
from dataclasses import dataclass

import torch

E4M3_MAX = 448.0


def _blocks(matrix, size):
    """Largest magnitude of every block, (rows of blocks, columns of blocks)."""
    rows, columns = matrix.shape
    padded = torch.zeros(-(-rows // size[0]) * size[0], -(-columns // size[1]) * size[1])
    padded[:rows, :columns] = matrix.abs()
    return padded.reshape(-1, size[0], padded.shape[1] // size[1], size[1]).amax((1, 3))


def _spread(scales, size, shape):
    full = scales.repeat_interleave(size[0], 0).repeat_interleave(size[1], 1)
    return full[: shape[0], : shape[1]]


def _groups(tensors, suffix):
    """(stem, suffix → tensor of that stem) of every stem that has `suffix`."""
    for name in sorted(tensors):
        if name.endswith(suffix):
            stem = name.removesuffix(suffix)
            yield stem, lambda leaf, stem=stem: tensors.pop(stem + leaf)


@dataclass(frozen=True)
class Form:
    names: str  # regular expression of the weights that are quantised, without ".weight"
    method: str = ""

    def quantises(self, name):
        return name.endswith(".weight") and re.search(self.names, name.removesuffix(".weight"))


@dataclass(frozen=True)
class Fp8Block(Form):
    """`weight` e4m3, `weight_scale_inv` of every block; their product is the value."""

    block: tuple[int, int] = (128, 128)
    scale_dtype: torch.dtype = torch.float32

    def pack(self, name, matrix):
        scales = (_blocks(matrix, self.block) / E4M3_MAX).to(self.scale_dtype)
        codes = matrix / _spread(scales.float(), self.block, matrix.shape)
        stem = name.removesuffix("weight")
        return {
            name: codes.clamp(-E4M3_MAX, E4M3_MAX).to(torch.float8_e4m3fn),
            f"{stem}weight_scale_inv": scales,
        }

    def unpack(self, tensors):
        tensors = dict(tensors)
        for stem, take in _groups(tensors, ".weight_scale_inv"):
            scales, codes = take(".weight_scale_inv").float(), take(".weight").float()
            tensors[f"{stem}.weight"] = codes * _spread(scales, self.block, codes.shape)
        return tensors


@dataclass(frozen=True)
class Fp8Static(Form):
    """One `weight_scale_inv` for the matrix, and an `activation_scale` that weights do not need."""

    def pack(self, name, matrix):
        scale = (matrix.abs().max() / E4M3_MAX).to(torch.bfloat16)
        stem = name.removesuffix("weight")
        return {
            name: (matrix / scale.float()).clamp(-E4M3_MAX, E4M3_MAX).to(torch.float8_e4m3fn),
            f"{stem}weight_scale_inv": scale,
            f"{stem}activation_scale": torch.tensor(0.03125, dtype=torch.bfloat16),
        }

    def unpack(self, tensors):
        tensors = dict(tensors)
        for stem, take in _groups(tensors, ".weight_scale_inv"):
            take(".activation_scale")
            scale = take(".weight_scale_inv").float()
            tensors[f"{stem}.weight"] = take(".weight").float() * scale
        return tensors


@dataclass(frozen=True)
class Fp8Channel(Form):
    """compressed-tensors "float-quantized" by channel: `weight_scale` (out, 1)."""

    def pack(self, name, matrix):
        scales = (matrix.abs().amax(1, keepdim=True) / E4M3_MAX).to(torch.bfloat16)
        codes = (matrix / scales.float()).clamp(-E4M3_MAX, E4M3_MAX)
        stem = name.removesuffix("weight")
        return {name: codes.to(torch.float8_e4m3fn), f"{stem}weight_scale": scales}

    def unpack(self, tensors):
        tensors = dict(tensors)
        for stem, take in _groups(tensors, ".weight_scale"):
            scales = take(".weight_scale").float()
            tensors[f"{stem}.weight"] = take(".weight").float() * scales
        return tensors


def pack_int4(codes, order=range(8)):
    """Codes 0 to 15, eight to an int32 along the last dimension, lowest bits first."""
    padded = torch.nn.functional.pad(codes.to(torch.int64), (0, -codes.shape[-1] % 8))
    padded = padded.reshape(*padded.shape[:-1], -1, 8)
    words = sum(padded[..., column] << (4 * i) for i, column in enumerate(order))
    return torch.where(words >= 1 << 31, words - (1 << 32), words).to(torch.int32)


def unpack_int4(words, order=range(8)):
    codes = [(words.to(torch.int64) >> (4 * i)) & 15 for i in range(8)]
    out = [None] * 8
    for i, column in enumerate(order):
        out[column] = codes[i]
    return torch.stack(out, -1).reshape(*words.shape[:-1], -1)


def affine(matrix, group, scale_dtype):
    """(scales, zero points, codes) with value = (code − zero) · scale; code 0 to 15, zero 1 to 15."""
    x = matrix.reshape(matrix.shape[0], -1, group)
    low, high = x.amin(-1).clamp(max=0), x.amax(-1).clamp(min=0)
    scales = ((high - low) / 15).to(scale_dtype)
    zeros = (-low / scales.float()).round().clamp(1, 15)
    codes = (x / scales.float()[..., None]).round() + zeros[..., None]
    return scales, zeros, codes.clamp(0, 15).reshape(matrix.shape)


@dataclass(frozen=True)
class CompressedInt4(Form):
    """compressed-tensors "pack-quantized": codes − 8 by groups, rows packed; zeros packed down."""

    group: int = 32
    symmetric: bool = True
    shape_dtype: torch.dtype = torch.int32

    def pack(self, name, matrix):
        stem = name.removesuffix("weight")
        if self.symmetric:
            x = matrix.reshape(matrix.shape[0], -1, self.group)
            scales = (x.abs().amax(-1) / 7.5).to(torch.bfloat16)
            codes = (x / scales.float()[..., None]).round().clamp(-8, 7).reshape(matrix.shape) + 8
            out = {}
        else:
            scales, zeros, codes = affine(matrix, self.group, torch.bfloat16)
            out = {f"{stem}weight_zero_point": pack_int4(zeros.T).T.contiguous()}
        return out | {
            f"{stem}weight_packed": pack_int4(codes),
            f"{stem}weight_scale": scales,
            f"{stem}weight_shape": torch.tensor(matrix.shape, dtype=self.shape_dtype),
        }

    def unpack(self, tensors):
        tensors = dict(tensors)
        for stem, take in _groups(tensors, ".weight_packed"):
            rows, columns = take(".weight_shape").tolist()
            codes = unpack_int4(take(".weight_packed"))[:, :columns].float()
            zeros = torch.tensor(8.0)
            if not self.symmetric:
                zeros = unpack_int4(take(".weight_zero_point").T)[:, :rows].T.float()
                zeros = zeros.repeat_interleave(self.group, 1)
            scales = take(".weight_scale").float().repeat_interleave(self.group, 1)
            tensors[f"{stem}.weight"] = (codes - zeros) * scales
        return tensors


AWQ_ORDER = (0, 2, 4, 6, 1, 3, 5, 7)


@dataclass(frozen=True)
class Awq(Form):
    """`qweight` and `qzeros` packed along the outputs in AWQ's order, `scales` (groups, out) F16."""

    group: int = 32

    def pack(self, name, matrix):
        scales, zeros, codes = affine(matrix, self.group, torch.float16)
        stem = name.removesuffix("weight")
        return {
            f"{stem}qweight": pack_int4(codes.T, AWQ_ORDER),
            f"{stem}qzeros": pack_int4(zeros.T, AWQ_ORDER),
            f"{stem}scales": scales.T.contiguous(),
        }

    def unpack(self, tensors):
        tensors = dict(tensors)
        for stem, take in _groups(tensors, ".qweight"):
            codes = unpack_int4(take(".qweight"), AWQ_ORDER).float()
            zeros = unpack_int4(take(".qzeros"), AWQ_ORDER).float()
            zeros = zeros.repeat_interleave(self.group, 0)
            scales = take(".scales").float().repeat_interleave(self.group, 0)
            tensors[f"{stem}.weight"] = ((codes - zeros) * scales).T.contiguous()
        return tensors


@dataclass(frozen=True)
class Gptq(Form):
    """`qweight` packed along the inputs, `qzeros` (one less) along the outputs, `g_idx` per input.

    With act_order the inputs are dealt to groups in an order of their own.
    """

    group: int = 32
    symmetric: bool = True
    act_order: bool = False

    def pack(self, name, matrix):
        inputs = matrix.shape[1]
        order = torch.arange(inputs)
        if self.act_order:
            # By falling weight of the column, as the quantiser does by falling curvature.
            order = matrix.square().sum(0).argsort(descending=True, stable=True)
        g_idx = torch.empty(inputs, dtype=torch.int32)
        g_idx[order] = (torch.arange(inputs) // self.group).to(torch.int32)
        ordered = matrix[:, order]
        if self.symmetric:
            x = ordered.reshape(matrix.shape[0], -1, self.group)
            scales = (x.abs().amax(-1) / 7.5).to(torch.float16)
            zeros = torch.full_like(scales, 8.0)
            codes = (x / scales.float()[..., None]).round().clamp(-8, 7).reshape(matrix.shape) + 8
        else:
            scales, zeros, codes = affine(ordered, self.group, torch.float16)
        back = torch.empty_like(codes)
        back[:, order] = codes
        stem = name.removesuffix("weight")
        return {
            f"{stem}qweight": pack_int4(back).T.contiguous(),
            f"{stem}qzeros": pack_int4(zeros.T - 1),
            f"{stem}scales": scales.T.contiguous(),
            f"{stem}g_idx": g_idx,
        }

    def unpack(self, tensors):
        tensors = dict(tensors)
        for stem, take in _groups(tensors, ".qweight"):
            g_idx = take(".g_idx").long()
            codes = unpack_int4(take(".qweight").T).float()
            zeros = (unpack_int4(take(".qzeros")) + 1).float()[g_idx].T
            scales = take(".scales").float()[g_idx].T
            tensors[f"{stem}.weight"] = ((codes - zeros) * scales).contiguous()
        return tensors


E2M1 = torch.tensor([0, 0.5, 1, 1.5, 2, 3, 4, 6, -0.0, -0.5, -1, -1.5, -2, -3, -4, -6])


@dataclass(frozen=True)
class Mxfp4(Form):
    """gpt-oss experts: `_blocks` (…, out, in/32, 16) with two codes to a byte, `_scales` 2^(u − 127).

    The reference holds these matrices as (in, out), and all experts in one tensor.
    """

    def quantises(self, name):
        return re.search(self.names, name)

    def pack(self, name, matrix):
        x = matrix.T.reshape(matrix.shape[1], -1, 32)
        # The power of two that brings the largest magnitude to 4…8, where 6 is the last code.
        exponent = torch.floor(torch.log2(x.abs().amax(-1))) - 2
        distance = (x / torch.exp2(exponent)[..., None]).unsqueeze(-1) - E2M1
        codes = distance.abs().argmin(-1)
        return {
            f"{name}_blocks": (codes[..., 0::2] | codes[..., 1::2] << 4).to(torch.uint8),
            f"{name}_scales": (exponent + 127).to(torch.uint8),
        }

    def unpack(self, tensors):
        tensors = dict(tensors)
        for stem, take in _groups(tensors, "_blocks"):
            bytes_, scales = take("_blocks").long(), take("_scales").float()
            codes = torch.stack([bytes_ & 15, bytes_ >> 4], -1).flatten(-2)
            values = E2M1[codes] * torch.exp2(scales - 127)[..., None]
            tensors[stem] = values.flatten(-2).transpose(-1, -2).contiguous()
        return tensors


def stack_experts(packed):
    """Tensors of `experts.N.x` of all N as one `experts.x`."""
    out = {}
    for name in sorted(packed, key=lambda n: [int(p) if p.isdigit() else p for p in n.split(".")]):
        whole = re.sub(r"\.experts\.\d+\.", ".experts.", name)
        out.setdefault(whole, []).append(packed[name])
    return {name: torch.stack(members) for name, members in out.items()}
