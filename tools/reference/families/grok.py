"""Grok-1 in its Hugging Face form and Grok-2."""

import re

import torch

from golden_case import FamilyCase
from published.grok import Grok1, Grok2

# Small outputs before the sandwich norms, so that their epsilon counts; scores near the cap.
_RULES = (
    (r"norm\.(scale|weight)$", "norm", 1.0),
    (r"embed_tokens", "embed", 1.0),
    (r"(q_proj|k_proj)\.weight$", "matrix", 2.0),
    (r"o_proj\.weight$", "matrix", 0.05),
    (r"gate\.weight$", "matrix", 3.0),
    (r"(w2|linear_1|down_proj)\.weight$", "matrix", 0.2),
    (r"\.weight$", "matrix", 1.0),
)

_GROK1_SOURCE = (
    "xai-org/grok-1 7050ed2 model.py; names and config of hpcai-tech/grok-1; a float64 numpy pass "
    "written apart agrees to 3e-6"
)
_GROK2_SOURCE = (
    "sglang 031ad4c grok.py; names, shapes and files of xai-org/grok-2; a float64 numpy pass "
    "written apart agrees to 1e-6"
)


def _grok1(**values):
    return dict(
        architectures=["Grok1ModelForCausalLM"],
        embedding_multiplier_scale=78.38367176906169,
        eos_token_id=2,
        bos_token_id=1,
        max_position_embeddings=8192,
        model_type="grok-1",
        output_multiplier_scale=0.5773502691896257,
        output_router_logits=False,
        pad_token_id=0,
        rms_norm_eps=1e-05,
        router_aux_loss_coef=0.001,
        torch_dtype="bfloat16",
        transformers_version="4.35.0",
        use_cache=True,
        **values,
    )


def _grok2(**values):
    return dict(
        architectures=["Grok1ForCausalLM"],
        attn_factor=1.0,
        embedding_multiplier_scale=90.50966799187809,
        extrapolation_factor=values.pop("extrapolation_factor", 1.0),
        global_attn_every_n=1,
        max_position_embeddings=131072,
        model_type="git",
        output_multiplier_scale=0.5,
        residual_moe=values.pop("residual_moe", True),
        rms_norm_eps=1e-05,
        sliding_window_size=-1,
        torch_dtype="bfloat16",
        **values,
    )


_KINDS = (  # the makers' numbering of their files
    r"embed_tokens", r"lm_head", r"model\.norm", r"mlp\.gate_proj", r"mlp\.down_proj",
    r"mlp\.up_proj", r"w1\.weight", r"w2\.weight", r"w3\.weight", r"k_proj", r"o_proj", r"q_proj",
    r"v_proj", r"pre_attn_norm", r"post_attn_norm", r"pre_moe_norm", r"post_moe_norm",
    r"block_sparse_moe\.gate",
)
_RANKS = 4


def _split_axis(name):
    return 1 if name.endswith("w2.weight") else 0


def _tp_files(tensors):
    """As xai-org/grok-2: a file per kind of tensor; those of the experts' slices per rank."""
    files = {}
    for name, tensor in tensors.items():
        (number,) = [i for i, kind in enumerate(_KINDS) if re.search(kind, name)]
        stem = f"pytorch_model-{number:05d}-TP"
        if ".experts." not in name:
            files.setdefault(f"{stem}-common.safetensors", {})[name] = tensor
            continue
        for rank, part in enumerate(tensor.chunk(_RANKS, _split_axis(name))):
            files.setdefault(f"{stem}-{rank:03d}.safetensors", {})[name] = part.contiguous()
    return files


def _join_tp(files):
    parts = {}
    for file in sorted(files):
        for name, tensor in files[file].items():
            parts.setdefault(name, []).append(tensor)
    return {
        name: torch.cat(slices, _split_axis(name)) if len(slices) > 1 else slices[0]
        for name, slices in parts.items()
    }


_PLAIN = frozenset(
    "rope_type original_max_position_embeddings scaling_factor extrapolation_factor attn_factor "
    "beta_fast beta_slow".split()
)

CASES = [
    FamilyCase(
        "grok1-tied",
        "grok-1",
        "embedding and logit multipliers, attention logits capped by 4·tanh(x/4) with a scale of "
        "their own, 4 norms, top-2 of 5 not renormalised, gelu, 6 heads on 2, head_dim 10, tied",
        _grok1(
            attn_output_multiplier=0.25,
            hidden_size=60,
            intermediate_size=44,
            max_attn_value=4.0,
            num_attention_heads=6,
            num_experts=5,
            num_experts_per_tok=2,
            num_hidden_layers=2,
            num_key_value_heads=2,
            tie_word_embeddings=True,
            vocab_size=211,
        ),
        prompt=60,
        seed=9,
        module=Grok1,
        source=_GROK1_SOURCE,
        embed_std=0.006,
        rules=_RULES,
    ),
    FamilyCase(
        "grok1-untied",
        "grok-1",
        "top-3 of 7, 3 heads on 3, head_dim 16, cap 2, 3 layers, untied, two shards, float16",
        _grok1(
            attn_output_multiplier=0.3,
            hidden_size=48,
            intermediate_size=36,
            max_attn_value=2.0,
            num_attention_heads=3,
            num_experts=7,
            num_experts_per_tok=3,
            num_hidden_layers=3,
            num_key_value_heads=3,
            tie_word_embeddings=False,
            vocab_size=197,
        ),
        prompt=44,
        module=Grok1,
        source=_GROK1_SOURCE,
        dtype="F16",
        shards=2,
        embed_std=0.02,
        rules=_RULES,
    ),
    FamilyCase(
        "grok2-original",
        "grok-2",
        "rope_type original (unscaled), temperature from position 20 on, caps of attention, router "
        "and logits, (dense + experts)/√2 of different widths, top-2 of 6, 5 heads on 1, own "
        "head_dim 20, in the makers' files with the experts in 4 slices",
        _grok2(
            attn_logit_softcapping=4.0,
            attn_temperature_len=20,
            beta_fast=8,
            beta_slow=1,
            final_logit_softcapping=2,
            head_dim=20,
            hidden_size=52,
            intermediate_size=68,
            moe_intermediate_size=20,
            num_attention_heads=5,
            num_experts_per_tok=2,
            num_hidden_layers=2,
            num_key_value_heads=1,
            num_local_experts=6,
            original_max_position_embeddings=32,
            rope_theta=208533,
            rope_type="original",
            router_logit_softcapping=2.0,
            scaling_factor=16.0,
            vocab_size=223,
        ),
        prompt=64,
        module=Grok2,
        source=_GROK2_SOURCE,
        embed_std=0.02,
        rules=_RULES,
        inert=_PLAIN,
        files=_tp_files,
        join_files=_join_tp,
    ),
    FamilyCase(
        "grok2-yarn-log",
        "grok-2",
        "rope_type yarn_log past the original length with extrapolation_factor 0.8, temperature "
        "from position 15 on, top-3 of 7, 6 heads on 2, head_dim 16, one plain file",
        _grok2(
            attn_logit_softcapping=5.0,
            attn_temperature_len=15,
            beta_fast=2,
            beta_slow=1,
            extrapolation_factor=0.8,
            final_logit_softcapping=3,
            head_dim=16,
            hidden_size=44,
            intermediate_size=60,
            moe_intermediate_size=28,
            num_attention_heads=6,
            num_experts_per_tok=3,
            num_hidden_layers=2,
            num_key_value_heads=2,
            num_local_experts=7,
            original_max_position_embeddings=32,
            rope_theta=1000,
            rope_type="yarn_log",
            router_logit_softcapping=3.0,
            scaling_factor=4.0,
            vocab_size=211,
        ),
        prompt=56,
        module=Grok2,
        source=_GROK2_SOURCE,
        embed_std=0.02,
        rules=_RULES,
        inert=frozenset({"rope_type", "attn_factor"}),
    ),
    FamilyCase(
        "grok2-sparse-only",
        "grok-2",
        "residual_moe false, no final cap, rope_type yarn, 3 heads on 3, head_dim 12, 3 layers",
        _grok2(
            attn_logit_softcapping=3.0,
            attn_temperature_len=30,
            beta_fast=2,
            beta_slow=1,
            head_dim=12,
            hidden_size=40,
            intermediate_size=36,
            moe_intermediate_size=24,
            num_attention_heads=3,
            num_experts_per_tok=2,
            num_hidden_layers=3,
            num_key_value_heads=3,
            num_local_experts=5,
            original_max_position_embeddings=24,
            residual_moe=False,
            rope_theta=500,
            rope_type="yarn",
            router_logit_softcapping=2.5,
            scaling_factor=8.0,
            vocab_size=199,
        ),
        prompt=52,
        module=Grok2,
        source=_GROK2_SOURCE,
        embed_std=0.02,
        rules=_RULES,
        inert=frozenset({"rope_type", "attn_factor", "intermediate_size"}),
    ),
]
