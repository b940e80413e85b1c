#!/usr/bin/env python3
"""Makes tests/data/stored: small weights in every packed form of safetensors that makers publish.

    ./stored_goldens.py ../../tests/data/stored        (torch, transformers and safetensors: see
                                                        requirements.txt)

One folder per case: config.json, model.safetensors as a checkpoint has them, and
expected.safetensors, the float32 matrices that they stand for, (rows, columns) or (experts, rows,
columns), under the names of the plain weights.

FP8 with scales by block or tensor is dequantised by transformers (integrations/finegrained_fp8.py),
MXFP4 by transformers (integrations/mxfp4.py). The packages of the other formats are not needed:
their packing is written down here from compressed-tensors' pack_quantized.py, AutoAWQ's
dequantize_gemm and AutoGPTQ's QuantLinear, and dequantisation is their (code − zero) · scale.
"""

import argparse
import json
import math
import pathlib
import shutil

import torch
from safetensors.torch import save_file
from transformers.integrations.finegrained_fp8 import _dequantize_fp8_weight
from transformers.integrations.mxfp4 import convert_moe_packed_tensors

NAME = "model.layers.0.mlp.up_proj"
AWQ_ORDER = [0, 2, 4, 6, 1, 3, 5, 7]
ORDER = list(range(8))


def random(seed, *shape):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed)) * 0.05


def integers(seed, low, high, *shape):
    return torch.randint(low, high, shape, generator=torch.Generator().manual_seed(seed))


def scales(seed, *shape, dtype=torch.float32):
    return (random(seed, *shape).abs() * 0.1 + 1e-3).to(dtype)


def pack(codes, bits, dim, order=ORDER):
    """Unsigned codes to int32 along `dim`, padded with zeros; order: code of each place, 4 bits."""
    codes = codes.transpose(dim, -1)
    per_word = 32 // bits
    codes = torch.nn.functional.pad(codes, (0, -codes.shape[-1] % per_word))
    codes = codes.reshape(*codes.shape[:-1], -1, per_word).long()
    words = torch.zeros(codes.shape[:-1], dtype=torch.long)
    for place in range(per_word):
        words |= codes[..., order[place] if bits == 4 else place] << (bits * place)
    words = torch.where(words >= 1 << 31, words - (1 << 32), words)
    return words.to(torch.int32).transpose(dim, -1).contiguous()


def dequantise(codes, zeros, scale, groups):
    """(n, k) codes, (n, G) zeros and scales, (k) group of each column."""
    return (codes - zeros[:, groups]).float() * scale.float()[:, groups]


# ---- FP8 ----------------------------------------------------------------------------------------


def fp8_codes(seed, n, k):
    """Every code that is a number, denormals and both zeros among them."""
    codes = integers(seed, 0, 256, n, k).to(torch.uint8)
    codes[(codes & 0x7F) == 0x7F] = 1
    return codes.view(torch.float8_e4m3fn)


def fp8_block(n, k, block, seed):
    weight = fp8_codes(seed, n, k)
    scale = scales(seed + 1, math.ceil(n / block[0]), math.ceil(k / block[1]))
    tensors = {f"{NAME}.weight": weight, f"{NAME}.weight_scale_inv": scale}
    config = {"quant_method": "fp8", "fmt": "e4m3", "activation_scheme": "dynamic",
              "weight_block_size": block}
    return config, tensors, _dequantize_fp8_weight(weight, scale, block, torch.float32)


def fp8_static(n, k, seed):
    weight = fp8_codes(seed, n, k)
    scale = scales(seed + 1, dtype=torch.bfloat16)
    tensors = {f"{NAME}.weight": weight, f"{NAME}.weight_scale_inv": scale,
               f"{NAME}.activation_scale": torch.tensor(0.25, dtype=torch.bfloat16)}
    config = {"quant_method": "fp8", "activation_scheme": "static", "weight_block_size": None,
              "dequantize": False, "modules_to_not_convert": ["model.vision_tower", "lm_head"]}
    return config, tensors, _dequantize_fp8_weight(weight, scale, None, torch.float32)


# ---- compressed-tensors -------------------------------------------------------------------------


def ct_config(fmt, **weights):
    weights = {"num_bits": 4, "type": "int", "symmetric": True, "strategy": "group",
               "group_size": None, "block_structure": None, "dynamic": False, "actorder": None,
               "observer": "minmax", "observer_kwargs": {}} | weights
    return {"quant_method": "compressed-tensors", "format": fmt, "ignore": ["lm_head", "re:.*gate$"],
            "quantization_status": "compressed", "kv_cache_scheme": None, "version": "0.12.2",
            "global_compression_ratio": 1.9, "sparsity_config": {}, "transform_config": {},
            "config_groups": {"group_0": {"targets": ["Linear"], "weights": weights,
                                          "input_activations": None, "output_activations": None,
                                          "format": fmt}}}


def ct_float(n, k, strategy, seed, dtype):
    weight = fp8_codes(seed, n, k)
    scale = scales(seed + 1, *((n, 1) if strategy == "channel" else (1,)), dtype=dtype)
    tensors = {f"{NAME}.weight": weight, f"{NAME}.weight_scale": scale}
    config = ct_config("float-quantized", num_bits=8, type="float", strategy=strategy)
    config["config_groups"]["group_0"]["input_activations"] = {"num_bits": 8, "type": "float",
                                                              "dynamic": True}
    if strategy == "tensor":
        tensors[f"{NAME}.input_scale"] = torch.tensor([0.5], dtype=dtype)
    return config, tensors, weight.float() * scale.float()


def ct_int(n, k, group, seed, dtype, bits=4, symmetric=True, g_idx=None, packed=True):
    half = 1 << (bits - 1)
    strategy = "group" if group else "channel"
    columns = group or k
    n_groups = math.ceil(k / columns)
    codes = integers(seed, -half, half, n, k)
    scale = scales(seed + 1, n, n_groups, dtype=dtype)
    zeros = torch.zeros(n, n_groups, dtype=torch.long)
    if not symmetric:
        zeros = integers(seed + 2, -half, half, n, n_groups)
    groups = torch.arange(k) // columns if g_idx is None else g_idx
    config = ct_config("pack-quantized" if packed else "int-quantized", num_bits=bits,
                       symmetric=symmetric, strategy=strategy, group_size=group,
                       actorder=None if g_idx is None else "group")
    tensors = {f"{NAME}.weight_scale": scale}
    if packed:
        tensors[f"{NAME}.weight_packed"] = pack(codes + half, bits, 1)
        tensors[f"{NAME}.weight_shape"] = torch.tensor([n, k])
    else:
        tensors[f"{NAME}.weight"] = codes.to(torch.int8)
    if not symmetric:
        tensors[f"{NAME}.weight_zero_point"] = pack(zeros + half, bits, 0)
    if g_idx is not None:
        tensors[f"{NAME}.weight_g_idx"] = g_idx.to(torch.int32)
    return config, tensors, dequantise(codes, zeros, scale, groups)


def ct_mixed(seed):
    """Two modules, int4 and FP8, and a plain one."""
    config, tensors, expected = ct_int(24, 64, 32, seed, torch.bfloat16)
    other, floats, float_expected = ct_float(24, 64, "channel", seed + 5, torch.bfloat16)
    config["format"] = "mixed-precision"
    config["config_groups"]["group_0"]["targets"] = ["re:.*up_proj$"]
    config["config_groups"]["group_1"] = other["config_groups"]["group_0"]
    down = NAME.replace("up", "down")
    gate = NAME.replace("up", "gate")
    tensors |= {name.replace("up", "down"): tensor for name, tensor in floats.items()}
    tensors[f"{gate}.weight"] = random(seed + 9, 8, 64).to(torch.bfloat16)
    return config, tensors, {f"{NAME}.weight": expected, f"{down}.weight": float_expected,
                             f"{gate}.weight": tensors[f"{gate}.weight"].float()}


# ---- The others ---------------------------------------------------------------------------------


def mxfp4(experts, n, k, seed):
    name = "model.layers.0.mlp.experts.gate_up_proj"
    blocks = integers(seed, 0, 256, experts, n, k // 32, 16).to(torch.uint8)
    exponents = integers(seed + 1, 110, 125, experts, n, k // 32).to(torch.uint8)
    tensors = {f"{name}_blocks": blocks, f"{name}_scales": exponents}
    expected = convert_moe_packed_tensors(blocks, exponents, dtype=torch.float32)
    assert expected.shape == (experts, k, n)
    config = {"quant_method": "mxfp4", "modules_to_not_convert": ["model.layers.*.self_attn"]}
    return config, tensors, {name: expected.transpose(1, 2).contiguous()}


def awq(n, k, group, seed):
    codes = integers(seed, 0, 16, n, k)
    n_groups = k // group
    zeros = integers(seed + 1, 0, 16, n, n_groups)
    scale = scales(seed + 2, n, n_groups, dtype=torch.float16)
    tensors = {f"{NAME}.qweight": pack(codes.T, 4, 1, AWQ_ORDER),
               f"{NAME}.qzeros": pack(zeros.T, 4, 1, AWQ_ORDER),
               f"{NAME}.scales": scale.T.contiguous()}
    config = {"quant_method": "awq", "bits": 4, "group_size": group, "zero_point": True,
              "version": "gemm", "modules_to_not_convert": None}
    return config, tensors, dequantise(codes, zeros, scale, torch.arange(k) // group)


def gptq(n, k, group, seed, bits=4, version=1, desc_act=False):
    columns = group if group > 0 else k
    n_groups = math.ceil(k / columns)
    codes = integers(seed, 0, 1 << bits, n, k)
    zeros = (integers(seed + 1, 0, 16, n, n_groups) if bits == 4
             else torch.full((n, n_groups), 128))
    scale = scales(seed + 2, n, n_groups, dtype=torch.float16)
    g_idx = torch.arange(k) // columns
    if desc_act:
        g_idx = g_idx[torch.randperm(k, generator=torch.Generator().manual_seed(seed + 3))]
    stored = zeros if version == 2 else (zeros - 1) & ((1 << bits) - 1)
    tensors = {f"{NAME}.qweight": pack(codes.T, bits, 0), f"{NAME}.qzeros": pack(stored.T, bits, 1),
               f"{NAME}.scales": scale.T.contiguous(), f"{NAME}.g_idx": g_idx.to(torch.int32),
               f"{NAME}.bias": torch.zeros(n, dtype=torch.float16)}
    config = {"quant_method": "gptq", "bits": bits, "group_size": group, "desc_act": desc_act,
              "sym": False, "damp_percent": 0.1, "static_groups": False, "true_sequential": True,
              "checkpoint_format": "gptq_v2" if version == 2 else "gptq", "lm_head": False,
              "meta": {"quantizer": "gptqmodel:1.4"}}
    return config, tensors, dequantise(codes, zeros, scale, g_idx)


BF16, F16, F32 = torch.bfloat16, torch.float16, torch.float32
SHUFFLED = (torch.arange(160) // 32)[torch.randperm(160, generator=torch.Generator().manual_seed(5))]
CASES = {
    "fp8-block-128": lambda: fp8_block(40, 160, [16, 128], 10),
    "fp8-block-32": lambda: fp8_block(24, 80, [16, 32], 20),
    "fp8-static": lambda: fp8_static(24, 96, 30),
    "ct-float-channel": lambda: ct_float(24, 160, "channel", 40, BF16),
    "ct-float-tensor": lambda: ct_float(24, 96, "tensor", 50, F32),
    "ct-int4-32-bf16": lambda: ct_int(24, 160, 32, 60, BF16),
    "ct-int4-32-f16": lambda: ct_int(24, 96, 32, 70, F16),
    "ct-int4-64-zeros": lambda: ct_int(21, 150, 64, 80, F32, symmetric=False),
    "ct-int4-128": lambda: ct_int(24, 256, 128, 90, BF16),
    "ct-int4-channel-zeros": lambda: ct_int(24, 160, None, 100, BF16, symmetric=False),
    "ct-int4-32-order": lambda: ct_int(24, 160, 32, 110, BF16, g_idx=SHUFFLED),
    "ct-int8-packed": lambda: ct_int(24, 96, 32, 120, BF16, bits=8),
    "ct-int8": lambda: ct_int(24, 160, None, 130, F32, bits=8, packed=False),
    "ct-mixed": lambda: ct_mixed(140),
    "mxfp4": lambda: mxfp4(3, 20, 96, 150),
    "awq-128": lambda: awq(24, 256, 128, 160),
    "awq-32": lambda: awq(40, 96, 32, 170),
    "gptq-128": lambda: gptq(24, 256, 128, 180),
    "gptq-v2": lambda: gptq(24, 96, 32, 190, version=2),
    "gptq-order": lambda: gptq(24, 160, 32, 200, desc_act=True),
    "gptq-channel": lambda: gptq(24, 96, -1, 210),
    "gptq-8bit": lambda: gptq(24, 128, 64, 220, bits=8),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path)
    folder = parser.parse_args().folder
    for name, make in CASES.items():
        config, tensors, expected = make()
        if not isinstance(expected, dict):
            expected = {f"{NAME}.weight": expected}
        case = folder / name
        shutil.rmtree(case, ignore_errors=True)
        case.mkdir(parents=True)
        (case / "config.json").write_text(
            json.dumps({"model_type": "llama", "quantization_config": config}, indent=1) + "\n")
        save_file(tensors, case / "model.safetensors")
        save_file({key: value.float() for key, value in expected.items()},
                  case / "expected.safetensors")


if __name__ == "__main__":
    main()
