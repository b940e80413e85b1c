"""MiniMax-Text-01 in its transformers form, and MiniMax-M2."""

import torch
from transformers.models.minimax import modeling_minimax

from golden_case import FamilyCase


def _rotate_part(q, k, cos, sin, unsqueeze_dim=1):
    """The first rotary_dim elements of a head turn, halves against each other; the rest pass."""
    cos, sin = cos.unsqueeze(unsqueeze_dim), sin.unsqueeze(unsqueeze_dim)
    dim = cos.shape[-1]

    def turn(x):
        part, rest = x[..., :dim], x[..., dim:]
        return torch.cat([part * cos + modeling_minimax.rotate_half(part) * sin, rest], dim=-1)

    return turn(q), turn(k)


def _use_rotary_dim(model):
    dim = model.config.rotary_dim
    exponents = torch.arange(0, dim, 2, dtype=torch.float) / dim
    inverse = 1.0 / model.config.rope_parameters["rope_theta"] ** exponents
    model.model.rotary_emb.inv_freq = inverse
    modeling_minimax.apply_rotary_pos_emb = _rotate_part


def _text_config(layer_types, **more):
    return dict(
        architectures=["MiniMaxForCausalLM"],
        attention_dropout=0.0,
        bos_token_id=None,
        eos_token_id=130,
        full_attn_alpha_factor=1.7,
        full_attn_beta_factor=1.0,
        hidden_act="silu",
        initializer_range=0.02,
        layer_types=layer_types,
        linear_attn_alpha_factor=1.5,
        linear_attn_beta_factor=1.0,
        mlp_alpha_factor=1.3,
        mlp_beta_factor=1.0,
        model_type="minimax",
        num_hidden_layers=len(layer_types),
        output_router_logits=False,
        rms_norm_eps=1e-05,
        rope_theta=10000,
        router_aux_loss_coef=0.001,
        router_jitter_noise=0.0,
        sliding_window=None,
        tie_word_embeddings=False,
        torch_dtype="bfloat16",
        transformers_version="4.53.0.dev0",
        use_cache=True,
    ) | more


_ROTARY = dict(
    patch=_use_rotary_dim,
    patched="rotary_dim of config.json, which this release ignores, is applied as MiniMax's own "
    "code does: the first rotary_dim elements of a head rotate by halves",
    # The decays that transformers keeps as buffers follow from the configuration.
    computed=r"(slope_rate|_decay)$",
)


def _m2_config(**more):
    layers = more["num_hidden_layers"]
    return dict(
        architectures=["MiniMaxM2ForCausalLM"],
        attention_dropout=0.0,
        attn_type_list=[1] * layers,
        bos_token_id=None,
        eos_token_id=130,
        hidden_act="silu",
        initializer_range=0.02,
        layernorm_full_attention_beta=1.0,
        layernorm_linear_attention_beta=1.0,
        layernorm_mlp_beta=1.0,
        mlp_intermediate_size=64,
        model_type="minimax_m2",
        mtp_transformer_layers=1,
        num_mtp_modules=3,
        output_router_logits=False,
        qk_norm_type="per_layer",
        rms_norm_eps=1e-06,
        rope_theta=10000,
        router_aux_loss_coef=0.001,
        router_jitter_noise=0.0,
        scoring_func="sigmoid",
        shared_intermediate_size=0,
        shared_moe_mode="sigmoid",
        sliding_window=None,
        tie_word_embeddings=False,
        torch_dtype="bfloat16",
        transformers_version="4.46.1",
        use_cache=True,
        use_mtp=True,
        use_qk_norm=True,
        use_routing_bias=True,
    ) | more


_M2_INERT = frozenset(
    "attn_type_list layernorm_full_attention_beta layernorm_linear_attention_beta "
    "layernorm_mlp_beta mlp_intermediate_size mtp_transformer_layers num_mtp_modules qk_norm_type "
    "router_jitter_noise scoring_func shared_intermediate_size shared_moe_mode use_mtp "
    "use_qk_norm use_routing_bias".split()
)

CASES = [
    FamilyCase(
        "minimax-hf",
        "minimax",
        "lightning, lightning and full attention, normed residuals with three alphas and betas, "
        "top-2 of 5, 6 heads on 2, head_dim 12 of which 8 rotate (hidden 44), blocks of 32",
        _text_config(
            ["linear_attention", "linear_attention", "full_attention"],
            block_size=32,
            head_dim=12,
            hidden_size=44,
            intermediate_size=20,
            linear_attn_beta_factor=0.8,
            max_position_embeddings=512,
            mlp_beta_factor=0.9,
            num_attention_heads=6,
            num_experts_per_tok=2,
            num_key_value_heads=2,
            num_local_experts=5,
            rotary_dim=8,
            vocab_size=131,
        ),
        prompt=80,
        # This release takes the number of cached tokens from layer 0, which has none here.
        cached=False,
        inert=frozenset(("block_size", "router_jitter_noise")),
        **_ROTARY,
    ),
    FamilyCase(
        "minimax-hf-full-first",
        "minimax",
        "full, lightning, full attention, top-3 of 4, 3 heads on 1, head_dim 20 of which 12 rotate "
        "(hidden 36), blocks of 256 as published",
        _text_config(
            ["full_attention", "linear_attention", "full_attention"],
            block_size=256,
            full_attn_beta_factor=1.1,
            head_dim=20,
            hidden_size=36,
            intermediate_size=12,
            max_position_embeddings=512,
            num_attention_heads=3,
            num_experts_per_tok=3,
            num_key_value_heads=1,
            num_local_experts=4,
            rotary_dim=12,
            vocab_size=131,
        ),
        prompt=60,
        inert=frozenset(("block_size", "router_jitter_noise")),
        **_ROTARY,
    ),
    FamilyCase(
        "minimax-m2",
        "minimax_m2",
        "q and k norms over all heads, 8 of head_dim 12 rotated, sigmoid with bias, top-3 of 8 "
        "renormalised, 6 heads on 2 (hidden 44)",
        _m2_config(
            head_dim=12,
            hidden_size=44,
            intermediate_size=12,
            max_position_embeddings=512,
            num_attention_heads=6,
            num_experts_per_tok=3,
            num_hidden_layers=2,
            num_key_value_heads=2,
            num_local_experts=8,
            rotary_dim=8,
            vocab_size=131,
        ),
        prompt=56,
        float32=r"(e_score_correction_bias|\.gate\.weight)$",
        inert=_M2_INERT,
    ),
    FamilyCase(
        "minimax-m2-wide",
        "minimax_m2",
        "7 heads on 1, 8 of head_dim 20 rotated, top-2 of 5 (hidden 36), untied, float32",
        _m2_config(
            head_dim=20,
            hidden_size=36,
            intermediate_size=20,
            max_position_embeddings=512,
            num_attention_heads=7,
            num_experts_per_tok=2,
            num_hidden_layers=2,
            num_key_value_heads=1,
            num_local_experts=5,
            rotary_dim=8,
            torch_dtype="float32",
            vocab_size=131,
        ),
        prompt=56,
        dtype="F32",
        inert=_M2_INERT,
    ),
]
