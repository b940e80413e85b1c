"""Writes a checkpoint's GGUF form with the keys, names and row orders that published files have.

The facts are those of llama.cpp's converter and loader; the tensor names come from the gguf
package's own table.
"""

import math

import gguf
import numpy as np
from gguf import GGMLQuantizationType as Type
from gguf import quants

VECTOR_TYPE = "F32"  # norms, biases and rope factors are never stored narrower


def permute(rows, heads):
    """Rotate-half row order of Q or K (halves of a head apart) to interleaved pairs."""
    dim = rows.shape[0] // heads
    return rows.reshape(heads, 2, dim // 2, -1).swapaxes(1, 2).reshape(rows.shape)


def unpermute(rows, heads):
    dim = rows.shape[0] // heads
    return rows.reshape(heads, dim // 2, 2, -1).swapaxes(1, 2).reshape(rows.shape)


def rope_heads(config, hf_name):
    """How many heads' rows `hf_name` holds if it goes through rope, else 0."""
    if ".q_proj." in hf_name:
        return config.num_attention_heads
    return config.num_key_value_heads if ".k_proj." in hf_name else 0


def head_dim(config):
    return getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads


def llama3_factors(config):
    """rope_freqs.weight: what each frequency is divided by."""
    rope, dim = config.rope_parameters, head_dim(config)
    original = rope["original_max_position_embeddings"]
    low, high = rope["low_freq_factor"], rope["high_freq_factor"]
    factors = []
    for i in range(0, dim, 2):
        wavelength = 2 * math.pi * rope["rope_theta"] ** (i / dim)
        if wavelength < original / high:
            factors.append(1.0)
        elif wavelength > original / low:
            factors.append(rope["factor"])
        else:
            smooth = (original / wavelength - low) / (high - low)
            factors.append(1 / ((1 - smooth) / rope["factor"] + smooth))
    if len(set(factors)) < 3:
        raise ValueError("llama3 scaling leaves one of its three bands empty")
    return np.array(factors, np.float32)


def add_rope_keys(writer, config):
    rope = config.rope_parameters
    writer.add_rope_dimension_count(head_dim(config))
    writer.add_rope_freq_base(rope["rope_theta"])
    kind = rope["rope_type"]
    if kind == "linear":
        writer.add_rope_scaling_type(gguf.RopeScalingType.LINEAR)
        writer.add_rope_scaling_factor(rope["factor"])
    elif kind == "yarn":
        writer.add_rope_scaling_type(gguf.RopeScalingType.YARN)
        writer.add_rope_scaling_factor(rope["factor"])
        writer.add_rope_scaling_orig_ctx_len(rope["original_max_position_embeddings"])
        if "attention_factor" in rope:
            # The reader multiplies this by yarn's own 0.1·ln(factor) + 1.
            own = 0.1 * math.log(rope["factor"]) + 1
            writer.add_rope_scaling_attn_factors(rope["attention_factor"] / own)
        if "beta_fast" in rope:
            writer.add_rope_scaling_yarn_beta_fast(rope["beta_fast"])
        if "beta_slow" in rope:
            writer.add_rope_scaling_yarn_beta_slow(rope["beta_slow"])
    elif kind not in ("default", "llama3"):  # llama3 goes into rope_freqs.weight
        raise ValueError(f"GGUF has no {kind} rope scaling")


def add_keys(writer, config, file_type, tokenizer_model):
    writer.add_type("model")
    writer.add_block_count(config.num_hidden_layers)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_vocab_size(config.vocab_size)
    if head_dim(config) * config.num_attention_heads != config.hidden_size:
        writer.add_key_length(head_dim(config))
        writer.add_value_length(head_dim(config))
    if getattr(config, "sliding_window", None):
        writer.add_sliding_window(config.sliding_window)
    add_rope_keys(writer, config)
    writer.add_file_type(getattr(gguf.LlamaFileType, file_type))
    if file_type not in ("ALL_F32", "MOSTLY_F16", "MOSTLY_BF16"):
        writer.add_quantization_version(gguf.GGML_QUANT_VERSION)
    writer.add_tokenizer_model(tokenizer_model)
    writer.add_bos_token_id(config.bos_token_id)
    eos = config.eos_token_id
    writer.add_eos_token_id(eos[0] if isinstance(eos, list) else eos)


def write_gguf(path, family, config, state, type_of, file_type, tokenizer_model):
    """`state`: Hugging Face name → float32 array. `type_of(gguf_name)`: type of a matrix.

    Returns the values that the file holds, under the Hugging Face names.
    """
    arch = gguf.MODEL_ARCH[family.gguf_arch.upper()]
    names = gguf.get_tensor_name_map(arch, config.num_hidden_layers)
    writer = gguf.GGUFWriter(path, family.gguf_arch)
    add_keys(writer, config, file_type, tokenizer_model)
    if config.rope_parameters["rope_type"] == "llama3":
        writer.add_tensor("rope_freqs.weight", llama3_factors(config))
    held = {}
    for hf_name, values in state.items():
        name = names.get_name(hf_name, try_suffixes=(".weight", ".bias"))
        heads = rope_heads(config, hf_name) if family.permute_qk else 0
        rows = permute(values, heads) if heads else values
        kind = Type[type_of(name) if rows.ndim > 1 else VECTOR_TYPE]
        packed = quantise(rows, kind)
        writer.add_tensor(name, packed, raw_dtype=kind)
        rows = quants.dequantize(packed, kind).reshape(rows.shape)
        held[hf_name] = unpermute(rows, heads) if heads else rows
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return held


def quantise(rows, kind):
    own = {Type.Q4_K: quantise_q4_k, Type.Q6_K: quantise_q6_k}
    rows = np.ascontiguousarray(rows, np.float32)
    return own[kind](rows) if kind in own else quants.quantize(rows, kind)


def _nearest(values, scales, low, high):
    """round(values / scales) within [low, high]; 0 where the scale is 0."""
    safe = np.where(scales == 0, 1, scales)
    return np.where(scales == 0, 0, np.clip(np.rint(values / safe), low, high)).astype(np.int32)


def quantise_q4_k(rows):
    """Plain rounding into Q4_K: 8 groups of 32 with 6-bit scale and minimum per 256 weights."""
    x = rows.reshape(-1, 8, 32)
    minimum = np.maximum(-x.min(-1), 0)
    scale = (x.max(-1) + minimum) / 15
    d = (scale.max(-1, keepdims=True) / 63).astype(np.float16)
    dmin = (minimum.max(-1, keepdims=True) / 63).astype(np.float16)
    d32, dmin32 = d.astype(np.float32), dmin.astype(np.float32)
    sc = _nearest(scale, d32, 0, 63)
    m = _nearest(minimum, dmin32, 0, 63)
    q = _nearest(x + (dmin32 * m)[..., None], (d32 * sc)[..., None], 0, 15)
    low = np.concatenate([sc[:, :4], m[:, :4]], -1) | (
        np.concatenate([sc[:, 4:], m[:, 4:]], -1) >> 4 << 6
    )
    packed = [low, (sc[:, 4:] & 15) | ((m[:, 4:] & 15) << 4)]
    q = q.reshape(-1, 4, 2, 32)
    packed.append((q[:, :, 0] | (q[:, :, 1] << 4)).reshape(-1, 128))
    blocks = [d.view(np.uint8), dmin.view(np.uint8), *(p.astype(np.uint8) for p in packed)]
    return np.concatenate(blocks, -1).reshape(rows.shape[0], -1)


def quantise_q6_k(rows):
    """Plain rounding into Q6_K: 16 groups of 16 with a signed 8-bit scale per 256 weights."""
    x = rows.reshape(-1, 16, 16)
    scale = np.abs(x).max(-1) / 31
    d = (scale.max(-1, keepdims=True) / 127).astype(np.float16)
    d32 = d.astype(np.float32)
    sc = _nearest(scale, d32, 0, 127)
    q = _nearest(x, (d32 * sc)[..., None], -32, 31).reshape(-1, 2, 4, 32) + 32
    low = q & 15
    low = np.stack([low[:, :, 0] | (low[:, :, 2] << 4), low[:, :, 1] | (low[:, :, 3] << 4)], 2)
    high = q >> 4
    high = high[:, :, 0] | high[:, :, 1] << 2 | high[:, :, 2] << 4 | high[:, :, 3] << 6
    parts = [low.reshape(-1, 128), high.reshape(-1, 64), sc]
    blocks = [*(p.astype(np.uint8) for p in parts), d.view(np.uint8)]
    return np.concatenate(blocks, -1).reshape(rows.shape[0], -1)
