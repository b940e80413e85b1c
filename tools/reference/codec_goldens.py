#!/usr/bin/env python3
"""Makes tests/data/codec: blocks of every weight format with what the gguf package makes of them.

    pip install -r requirements-codec.txt && ./codec_goldens.py ../../tests/data/codec

One file per format and direction, decode_<NAME>.bin and encode_<NAME>.bin, little-endian:

    uint32  n_blocks
    uint32  block_size     elements per block
    uint32  block_bytes
    uint8   blocks[n_blocks][block_bytes]
    float32 values[n_blocks][block_size]

In decode files the values are gguf.quants.dequantize(blocks); in encode files the blocks are
gguf.quants.quantize(values). Decode files hold, in this order:
  - 64 random blocks whose scales are finite halves other than zero (negative and denormal ones
    among them), and whose grid indices together take every value;
  - 16 random blocks whose scales are arbitrary bits, zeros, infinities and NaNs among them;
  - 16 blocks from gguf's quantize, for the formats it can write.
"""

import argparse
import pathlib

import numpy as np
from gguf import GGML_QUANT_SIZES, GGMLQuantizationType
from gguf.quants import dequantize, quantize

T = GGMLQuantizationType

# Where the half scales of a block lie (byte offsets). IQ1_M's is in four parts; MXFP4's is a byte.
HALVES = {
    T.Q4_0: [0], T.Q4_1: [0, 2], T.Q5_0: [0], T.Q5_1: [0, 2], T.Q8_0: [0],
    T.Q2_K: [80, 82], T.Q3_K: [108], T.Q4_K: [0, 2], T.Q5_K: [0, 2], T.Q6_K: [208],
    T.IQ1_S: [0], T.IQ1_M: [], T.IQ2_XXS: [0], T.IQ2_XS: [0], T.IQ2_S: [0],
    T.IQ3_XXS: [0], T.IQ3_S: [0], T.IQ4_NL: [0], T.IQ4_XS: [0],
    T.TQ1_0: [52], T.TQ2_0: [64], T.MXFP4: [],
}
FLOATS = [T.F32, T.F16, T.BF16]
ENCODED = [T.F32, T.F16, T.BF16, T.Q4_0, T.Q4_1, T.Q5_0, T.Q5_1, T.Q8_0, T.MXFP4]
QUANTISED = [T.Q4_0, T.Q4_1, T.Q5_0, T.Q5_1, T.Q8_0, T.TQ1_0, T.TQ2_0, T.MXFP4]
SANE_BLOCKS = 64
WILD_BLOCKS = 16

SPECIAL_HALVES = [0x0001, 0x8001, 0x03FF, 0x83FF, 0x0400, 0x7BFF, 0xFBFF]
WILD_HALVES = [0x0000, 0x8000, 0x7C00, 0xFC00, 0x7C01, 0x7E00, 0xFE00, 0xFFFF]


def sane_halves(rng, n):
    """Mostly the sizes that scales have, a few denormals and extremes, both signs."""
    halves = (rng.standard_normal(n) * 10.0 ** rng.uniform(-4, 0, n)).astype(np.float16)
    bits = halves.view(np.uint16).copy()
    special = rng.random(n) < 0.15
    bits[special] = rng.choice(SPECIAL_HALVES, special.sum())
    bits[bits & 0x7FFF == 0] = 0x0001
    return bits


def wild_halves(rng, n):
    bits = rng.integers(0, 1 << 16, n).astype(np.uint16)
    special = rng.random(n) < 0.5
    bits[special] = rng.choice(WILD_HALVES, special.sum())
    return bits


def set_scale(qtype, blocks, halves):
    """Puts halves(n) into every half scale of the blocks."""
    n = len(blocks)
    for offset in HALVES[qtype]:
        blocks[:, offset:offset + 2] = halves(n).view(np.uint8).reshape(n, 2)
    if qtype == T.IQ1_M:
        bits = halves(n)
        for part in range(4):
            high = 49 + 2 * part
            blocks[:, high] = (blocks[:, high] & 0x0F) | ((bits >> (4 * part) & 15) << 4)


def every_value(rng, n, size):
    """n numbers below size, each value about equally often, in random order."""
    return rng.permutation(np.arange(n) % size)


def cover_grid(rng, qtype, blocks):
    """Makes the grid indices of the blocks take every value."""
    n = len(blocks)

    def indices(per_block, size):
        return every_value(rng, n * per_block, size).reshape(n, per_block)

    def merge(offset, width, values, shifts, bits):
        """Sets `bits` bits at each of `shifts` of the `width`-byte fields from offset on."""
        dtype = {1: np.uint8, 2: np.uint16}[width]
        fields = values.reshape(n, -1, len(shifts))
        raw = blocks[:, offset:offset + width * fields.shape[1]].copy().view(dtype)
        for i, shift in enumerate(shifts):
            mask = ((1 << bits) - 1) << shift
            raw = (raw & dtype(~mask & (256 ** width - 1))) | (fields[..., i] << shift).astype(dtype)
        blocks[:, offset:offset + width * fields.shape[1]] = raw.view(np.uint8)

    if qtype == T.IQ1_S:
        index = indices(32, 2048)
        blocks[:, 2:34] = index & 255
        merge(34, 2, index >> 8, [0, 3, 6, 9], 3)
    elif qtype == T.IQ1_M:
        index = indices(32, 2048)
        blocks[:, 0:32] = index & 255
        merge(32, 1, index >> 8, [0, 4], 3)
    elif qtype == T.IQ2_XXS:
        blocks[:, 2:66].reshape(n, 8, 8)[:, :, :4] = indices(32, 256).reshape(n, 8, 4)
    elif qtype == T.IQ2_XS:
        merge(2, 2, indices(32, 512), [0], 9)
    elif qtype == T.IQ2_S:
        index = indices(32, 1024)
        blocks[:, 2:34] = index & 255
        merge(66, 1, index >> 8, [0, 2, 4, 6], 2)
    elif qtype == T.IQ3_XXS:
        blocks[:, 2:66] = indices(64, 256)
    elif qtype == T.IQ3_S:
        index = indices(64, 512)
        blocks[:, 2:66] = index & 255
        merge(66, 1, index >> 8, list(range(8)), 1)


def sample_values(rng, n_blocks, block_size):
    """Finite float32 blocks: of many sizes, with ties, constants and zeros."""
    x = rng.standard_normal((n_blocks, block_size)) * 10.0 ** rng.uniform(-4, 2, (n_blocks, 1))
    for b in range(0, n_blocks, 4):
        # Extremes that make some format's scale an odd number (61 and 115 have reciprocals whose
        # rounding shows) times a power of two, and multiples of its half: exact ties to round, and
        # two equal magnitudes to choose from.
        top = [127, 8, 16, 15, 31][b // 4 % 5]
        x[b] = rng.integers(-2 * top, 2 * top + 1, block_size) / 2.0
        x[b, rng.choice(block_size, 2, replace=False)] = [top, -top]
        x[b] *= rng.choice([1, 3, 61, 115]) * 2.0 ** rng.integers(-8, 3)
    x[1] = 0.0
    x[2] = 0.25
    x[3] = -3.0
    x[4, 1:] = 0.0
    x[5] *= 1e-7  # the half scale becomes a denormal
    x[6] *= 1e-12 / np.abs(x[6]).max()  # and here zero
    x[7] *= 3e6 / np.abs(x[7]).max()  # and here infinite in some formats
    return x.astype(np.float32)


def sample_floats(rng, n):
    """Float32 bit patterns around all that matters to 16-bit floats, NaN included."""
    bits = rng.integers(0, 1 << 32, n, dtype=np.uint64).astype(np.uint32)
    # Half of them within half's exponents, a third of those exact ties of half's rounding.
    half_range = rng.random(n) < 0.5
    bits[half_range] = (bits[half_range] & 0x807FFFFF) | (
        rng.integers(127 - 27, 127 + 18, half_range.sum()).astype(np.uint32) << 23)
    ties = half_range & (rng.random(n) < 0.33)
    bits[ties] = (bits[ties] & 0xFFFFE000) | 0x1000
    bf16_ties = ~half_range & (rng.random(n) < 0.33)
    bits[bf16_ties] = (bits[bf16_ties] & 0xFFFF0000) | 0x8000
    edges = [0.0, -0.0, 65504.0, 65519.996, 65520.0, -65520.0, 65536.0, 2.0**-24, 2.0**-25,
             2.0**-25 * 1.0001, -(2.0**-26), 2.0**-14, 2.0**-14 - 2.0**-25, 2.0**-14 - 2.0**-24,
             np.inf, -np.inf, np.nan, 3.4028235e38, 1e-45, -1e-45]
    bits[:len(edges)] = np.array(edges, np.float32).view(np.uint32)
    bits[len(edges):len(edges) + 3] = [0x7F800001, 0xFF800001, 0x7FFFFFFF]
    return bits.view(np.float32)


def write(path, blocks, values):
    values = np.ascontiguousarray(values, dtype="<f4").reshape(len(blocks), -1)
    header = np.array([len(blocks), values.shape[1], blocks.shape[1]], dtype="<u4")
    path.write_bytes(header.tobytes() + blocks.tobytes() + values.tobytes())


def decode_file(folder, qtype):
    rng = np.random.default_rng([1, int(qtype)])
    size, n_bytes = GGML_QUANT_SIZES[qtype]
    if qtype in FLOATS:
        if qtype == T.F32:
            bits = sample_floats(rng, 2048).view(np.uint8).reshape(-1, 4)
        else:
            # Every 16-bit pattern would be 256 KB; every exponent, sign and edge fits in less.
            patterns = np.arange(0, 1 << 16, 17, dtype=np.uint16)
            edges = (np.arange(0, 1 << 16, 1 << 7).reshape(-1, 1) + [-1, 0, 1]).ravel() & 0xFFFF
            bits = np.unique(np.concatenate([patterns, edges.astype(np.uint16)]))
            bits = bits.view(np.uint8).reshape(-1, 2)
        write(folder / f"decode_{qtype.name}.bin", bits, dequantize(bits, qtype))
        return
    blocks = rng.integers(0, 256, (SANE_BLOCKS + WILD_BLOCKS, n_bytes), dtype=np.uint8)
    if qtype == T.MXFP4:
        blocks[:SANE_BLOCKS, 0] = rng.integers(100, 140, SANE_BLOCKS)
        blocks[SANE_BLOCKS:, 0] = [0, 1, 2, 3, 125, 126, 127, 128, 129, 130, 250, 251, 252, 253,
                                   254, 255]
    sane, wild = blocks[:SANE_BLOCKS], blocks[SANE_BLOCKS:]
    cover_grid(rng, qtype, sane)
    set_scale(qtype, sane, lambda n: sane_halves(rng, n))
    set_scale(qtype, wild, lambda n: wild_halves(rng, n))
    if qtype in QUANTISED:
        values = rng.standard_normal((16, size)).astype(np.float32)
        blocks = np.concatenate([blocks, quantize(values, qtype).reshape(16, n_bytes)])
    with np.errstate(all="ignore"):
        values = dequantize(blocks, qtype)
    assert np.isfinite(values[:SANE_BLOCKS]).all(), qtype
    write(folder / f"decode_{qtype.name}.bin", blocks, values)


def encode_file(folder, qtype):
    rng = np.random.default_rng([2, int(qtype)])
    size, n_bytes = GGML_QUANT_SIZES[qtype]
    values = (sample_floats(rng, 4096).reshape(-1, 1) if qtype in FLOATS
              else sample_values(rng, 96, size))
    with np.errstate(all="ignore"):
        blocks = quantize(values, qtype).view(np.uint8).reshape(len(values), n_bytes)
    write(folder / f"encode_{qtype.name}.bin", blocks, values)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path)
    folder = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    for qtype in FLOATS + list(HALVES):
        decode_file(folder, qtype)
    for qtype in ENCODED:
        encode_file(folder, qtype)


if __name__ == "__main__":
    main()
