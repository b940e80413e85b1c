"""The tiny checkpoints that the model goldens are made of: pure data.

A further family is one entry in FAMILIES and its cases in CASES.
"""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Family:
    model_type: str  # transformers' model_type: gives the config and model classes
    gguf_arch: str
    permute_qk: bool  # GGUF keeps Q and K rows in the interleaved rope order
    # config.json keys of the checkpoints on the hub, beyond the common ones.
    hub_keys: tuple[str, ...] = ()


@dataclass(frozen=True)
class Case:
    name: str
    family: str
    covers: str
    config: dict[str, Any]  # arguments of the config class
    prompt: int  # tokens
    dtype: str = "BF16"  # of every tensor in the safetensors: F32, F16 or BF16
    style: str = "5.x"  # config.json as transformers 5 saves it, or "hub": the older published form
    hub_extra: dict[str, Any] = field(default_factory=dict)  # keys that must change nothing
    type_key: str = "rope_type"  # the key's name in the older form: "rope_type" or "type"
    shards: int = 1
    embed_std: float = 0.08
    qk_gain: float = 1.0  # times 1/√fan_in: sharper attention, where biases would drown it
    seed: int = 1  # the first one tried
    # The reference runs one token at a time from an empty cache: where its rotary frequencies
    # depend on the length seen so far, that is the only reading which chunking does not change.
    stepwise: bool = False
    gguf: str | None = None  # matrix type of the GGUF form; vectors are F32
    no_gguf: str = ""  # why there is no GGUF form
    generation: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class QuantCase:
    name: str
    covers: str
    config: dict[str, Any]
    prompt: int
    # GGUF tensor name (without "blk.N." and ".weight") to type; "*" is the rest.
    types: dict[str, str]
    file_type: str
    seed: int = 1
    family: str = "llama"
    embed_std: float = 0.08
    qk_gain: float = 1.0


COMMON_HUB_KEYS = (
    "architectures",
    "attention_dropout",
    "bos_token_id",
    "eos_token_id",
    "hidden_act",
    "hidden_size",
    "initializer_range",
    "intermediate_size",
    "max_position_embeddings",
    "model_type",
    "num_attention_heads",
    "num_hidden_layers",
    "num_key_value_heads",
    "rms_norm_eps",
    "tie_word_embeddings",
    "transformers_version",
    "use_cache",
    "vocab_size",
)

FAMILIES = {
    "llama": Family("llama", "llama", True, ("attention_bias", "mlp_bias", "pretraining_tp")),
    "mistral": Family("mistral", "llama", True, ("sliding_window",)),
    "qwen2": Family(
        "qwen2", "qwen2", False, ("max_window_layers", "sliding_window", "use_sliding_window")
    ),
    "qwen3": Family(
        "qwen3",
        "qwen3",
        False,
        ("attention_bias", "head_dim", "max_window_layers", "sliding_window", "use_sliding_window"),
    ),
}


def _config(hidden, ffn, layers, heads, kv_heads, vocab, tied, **more):
    return dict(
        hidden_size=hidden,
        intermediate_size=ffn,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        num_key_value_heads=kv_heads,
        vocab_size=vocab,
        tie_word_embeddings=tied,
        **more,
    )


def _rope(theta, rope_type="default", **more):
    return dict(rope_theta=theta, rope_type=rope_type, **more)


CASES = [
    Case(
        "llama3-scaled",
        "llama",
        "llama3 rope scaling with the prompt past the original context, 7 heads on 1, head_dim 12, "
        "tied, config as on the hub",
        _config(
            84, 100, 2, 7, 1, 263, True,
            max_position_embeddings=384,
            rms_norm_eps=1e-5,
            bos_token_id=260,
            eos_token_id=[261, 262],
            rope_parameters=_rope(
                10000.0,
                "llama3",
                factor=8.0,
                low_freq_factor=1.0,
                high_freq_factor=4.0,
                original_max_position_embeddings=48,
            ),
        ),
        prompt=72,
        seed=6,
        style="hub",
        gguf="BF16",
        generation=dict(do_sample=True, temperature=0.6, top_p=0.9),
    ),
    Case(
        "llama2-plain",
        "llama",
        "no rope scaling, 6 heads on 6, head_dim 8, hidden 48, untied, two shards, float32, "
        "config as on the hub",
        _config(
            48, 100, 2, 6, 6, 263, False,
            max_position_embeddings=256,
            rms_norm_eps=1e-5,
            bos_token_id=1,
            eos_token_id=2,
            rope_parameters=_rope(10000.0),
        ),
        prompt=40,
        seed=9,
        dtype="F32",
        style="hub",
        shards=2,
        gguf="F32",
    ),
    Case(
        "llama-biases",
        "llama",
        "attention_bias and mlp_bias, linear rope scaling, own head_dim 24 (4 heads on 2, "
        "hidden 60), ffn 172",
        _config(
            60, 172, 2, 4, 2, 331, True,
            head_dim=24,
            attention_bias=True,
            mlp_bias=True,
            max_position_embeddings=256,
            rms_norm_eps=1e-5,
            bos_token_id=1,
            eos_token_id=2,
            rope_parameters=_rope(10000.0, "linear", factor=4.0),
        ),
        prompt=64,
        dtype="F16",
        qk_gain=2.0,
        gguf="F16",
    ),
    Case(
        "llama-dynamic",
        "llama",
        "dynamic NTK rope scaling, run token by token past max_position_embeddings, 3 heads on 3, "
        "head_dim 20",
        _config(
            60, 76, 2, 3, 3, 263, True,
            max_position_embeddings=40,
            rms_norm_eps=1e-6,
            bos_token_id=1,
            eos_token_id=2,
            rope_parameters=_rope(1000.0, "dynamic", factor=2.0),
        ),
        prompt=64,
        seed=6,
        style="hub",
        type_key="type",
        stepwise=True,
        no_gguf="GGUF has no dynamic rope scaling",
    ),
    Case(
        "mistral-window",
        "mistral",
        "sliding window 24, shorter than the prompt, 7 heads on 1, own head_dim 20, hidden 52, "
        "untied, config as on the hub",
        _config(
            52, 100, 2, 7, 1, 263, False,
            head_dim=20,
            sliding_window=24,
            max_position_embeddings=512,
            rms_norm_eps=1e-5,
            bos_token_id=1,
            eos_token_id=2,
            rope_parameters=_rope(10000.0),
        ),
        prompt=64,
        seed=2,
        style="hub",
        gguf="BF16",
    ),
    Case(
        "mistral-yarn",
        "mistral",
        "no window, yarn with own betas and attention_factor, 6 heads on 6, head_dim 12, "
        "hidden 76, tied",
        _config(
            76, 100, 2, 6, 6, 331, True,
            head_dim=12,
            sliding_window=None,
            max_position_embeddings=160,
            rms_norm_eps=1e-5,
            bos_token_id=1,
            eos_token_id=2,
            rope_parameters=_rope(
                1000.0,
                "yarn",
                factor=4.0,
                original_max_position_embeddings=40,
                beta_fast=1.8,
                beta_slow=0.35,
                attention_factor=1.25,
            ),
        ),
        prompt=60,
        seed=10,
        gguf="BF16",
    ),
    Case(
        "qwen2-yarn",
        "qwen2",
        "yarn, 7 heads on 1, head_dim 12, tied, a sliding_window that use_sliding_window turns "
        "off, config as on the hub",
        _config(
            84, 100, 2, 7, 1, 263, True,
            use_sliding_window=False,
            max_position_embeddings=160,
            rms_norm_eps=1e-6,
            bos_token_id=260,
            eos_token_id=262,
            rope_parameters=_rope(
                1000.0, "yarn", factor=4.0, original_max_position_embeddings=40
            ),
        ),
        prompt=64,
        style="hub",
        qk_gain=1.5,
        hub_extra=dict(sliding_window=8, max_window_layers=1),
        type_key="type",
        gguf="BF16",
        generation=dict(
            do_sample=True, temperature=0.7, top_k=20, top_p=0.8, repetition_penalty=1.05,
            pad_token_id=259,
        ),
    ),
    Case(
        "qwen2-window",
        "qwen2",
        "sliding window 20 on layers 1 and 2 of 3 (use_sliding_window, max_window_layers, "
        "layer_types), 3 heads on 3, head_dim 20, hidden 60, untied",
        _config(
            60, 76, 3, 3, 3, 263, False,
            use_sliding_window=True,
            sliding_window=20,
            max_window_layers=1,
            max_position_embeddings=512,
            rms_norm_eps=1e-6,
            bos_token_id=260,
            eos_token_id=262,
            rope_parameters=_rope(10000.0),
        ),
        prompt=56,
        qk_gain=2.0,
        no_gguf="qwen2 GGUFs have no key for a window on some layers only",
    ),
    Case(
        "qwen3-yarn",
        "qwen3",
        "q and k norms, own head_dim 20 with 7 heads on 1 (140 wide, hidden 60), yarn, tied, "
        "config as on the hub",
        _config(
            60, 100, 2, 7, 1, 331, True,
            head_dim=20,
            max_position_embeddings=144,
            rms_norm_eps=1e-6,
            bos_token_id=329,
            eos_token_id=330,
            rope_parameters=_rope(
                10000.0, "yarn", factor=4.0, original_max_position_embeddings=36
            ),
        ),
        prompt=72,
        seed=4,
        style="hub",
        embed_std=0.04,
        gguf="BF16",
        generation=dict(do_sample=True, temperature=0.6, top_k=20, top_p=0.95, pad_token_id=328),
    ),
    Case(
        "qwen3-plain",
        "qwen3",
        "q and k norms, no rope scaling, 6 heads on 6, head_dim 24 (144 wide, hidden 44), ffn 92, "
        "untied",
        _config(
            44, 92, 2, 6, 6, 263, False,
            head_dim=24,
            max_position_embeddings=512,
            rms_norm_eps=1e-6,
            bos_token_id=260,
            eos_token_id=262,
            rope_parameters=_rope(1000000.0),
        ),
        prompt=48,
        seed=4,
        embed_std=0.04,
        gguf="BF16",
    ),
]

_QUANT_CONFIG = _config(
    256, 256, 2, 8, 2, 263, True,
    head_dim=16,
    max_position_embeddings=256,
    rms_norm_eps=1e-5,
    bos_token_id=1,
    eos_token_id=2,
    rope_parameters=_rope(10000.0),
)

QUANT_CASES = [
    QuantCase(
        "llama-q8_0", "every matrix Q8_0, embedding too", _QUANT_CONFIG, 48, {"*": "Q8_0"},
        "MOSTLY_Q8_0", seed=4,
    ),
    QuantCase(
        "llama-q4_0", "every matrix Q4_0, embedding too", _QUANT_CONFIG, 48, {"*": "Q4_0"},
        "MOSTLY_Q4_0", seed=3,
    ),
    QuantCase(
        "llama-q4_k", "Q4_K with Q6_K for embedding, attn_v and ffn_down; attn_output Q8_0 (its "
        "128 columns are no multiple of 256)",
        _QUANT_CONFIG, 48,
        {"*": "Q4_K", "token_embd": "Q6_K", "attn_v": "Q6_K", "ffn_down": "Q6_K",
         "attn_output": "Q8_0"},
        "MOSTLY_Q4_K_M", seed=4,
    ),
]
