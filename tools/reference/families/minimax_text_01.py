"""MiniMax-Text-01 and M1 in their makers' own form."""

from golden_case import FamilyCase
from published.minimax import MiniMaxText01

_RULES = (
    (r"(norm|layernorm)\.weight$", "norm", 1.0),
    (r"embed_tokens", "embed", 1.0),
    (r"(q_proj|k_proj)\.weight$", "matrix", 1.5),
    # Small states, so that the epsilon of the norm after lightning attention counts.
    (r"qkv_proj\.weight$", "matrix", 0.3),
    (r"gate\.weight$", "matrix", 2.5),
    (r"\.weight$", "matrix", 1.0),
)
_INERT = frozenset("router_jitter_noise shared_moe_mode sliding_window".split())
_SOURCE = (
    "MiniMaxAI/MiniMax-Text-01 modeling_minimax_text_01.py, whose own layers in float32 agree "
    "to 1e-6"
)


def _config(**values):
    return dict(
        attention_dropout=0.0,
        bos_token_id=None,
        eos_token_id=None,
        hidden_act="silu",
        initializer_range=0.02,
        max_position_embeddings=10240000,
        output_router_logits=False,
        rms_norm_eps=1e-05,
        router_aux_loss_coef=0.001,
        router_jitter_noise=0.0,
        shared_intermediate_size=0,
        shared_moe_mode="sigmoid",
        sliding_window=None,
        tie_word_embeddings=False,
        transformers_version="4.45.2",
        use_cache=True,
        **values,
    )


CASES = [
    FamilyCase(
        "minimax-text-01",
        "minimax_text_01",
        "two lightning layers, one softmax, one lightning (its decay is nearly none), 6 heads (no "
        "power of two) on 2, rope on 6 of 12 dimensions, factors per kind of layer, top-2 of 5",
        _config(
            architectures=["MiniMaxText01ForCausalLM"],
            attn_type_list=[0, 0, 1, 0],
            head_dim=12,
            hidden_size=44,
            intermediate_size=28,
            layernorm_full_attention_alpha=3.5,
            layernorm_full_attention_beta=1.2,
            layernorm_linear_attention_alpha=2.5,
            layernorm_linear_attention_beta=0.9,
            layernorm_mlp_alpha=1.7,
            layernorm_mlp_beta=1.1,
            model_type="minimax_text_01",
            num_attention_heads=6,
            num_experts_per_tok=2,
            num_hidden_layers=4,
            num_key_value_heads=2,
            num_local_experts=5,
            postnorm=True,
            rope_theta=10000,
            rotary_dim=6,
            vocab_size=211,
        ),
        prompt=72,
        module=MiniMaxText01,
        source=_SOURCE,
        embed_std=0.03,
        rules=_RULES,
        inert=_INERT,
    ),
    FamilyCase(
        "minimax-m1",
        "minimax_m1",
        "softmax layer first, lightning next, 4 heads on 1, head_dim 16, no rotary_dim (rope on "
        "all), top-3 of 7, postnorm false, two shards",
        _config(
            architectures=["MiniMaxM1ForCausalLM"],
            attn_type_list=[1, 0, 1],
            head_dim=16,
            hidden_size=52,
            intermediate_size=36,
            layernorm_full_attention_alpha=1.2,
            layernorm_full_attention_beta=1.0,
            layernorm_linear_attention_alpha=1.1,
            layernorm_linear_attention_beta=1.4,
            layernorm_mlp_alpha=0.9,
            layernorm_mlp_beta=1.5,
            model_type="minimax_m1",
            num_attention_heads=4,
            num_experts_per_tok=3,
            num_hidden_layers=3,
            num_key_value_heads=1,
            num_local_experts=7,
            postnorm=False,
            rope_theta=10000000,
            vocab_size=197,
        ),
        prompt=56,
        seed=8,
        module=MiniMaxText01,
        source=_SOURCE,
        shards=2,
        embed_std=0.03,
        rules=_RULES,
        inert=_INERT,
    ),
]
