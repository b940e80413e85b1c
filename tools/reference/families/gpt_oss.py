"""gpt-oss, with its experts in the layout of the unquantised checkpoints."""

from golden_case import FamilyCase

INERT = frozenset("experts_per_token initial_context_length hidden_act".split())

# The clamp at ±7 must be reached, and sums stay small behind it.
RULES = (
    (r"(q_proj|k_proj)\.weight$", "matrix", 1.0),
    (r"experts\.\d+\.gate_up_proj$", "matrix", 3.5),
    (r"experts\.\d+\.down_proj$", "matrix", 0.15),
)


def config(heads, kv_heads, layer_types, experts, top_k, **more):
    return dict(
        architectures=["GptOssForCausalLM"],
        attention_bias=True,
        attention_dropout=0.0,
        experts_per_token=top_k,
        hidden_act="silu",
        initializer_range=0.02,
        layer_types=layer_types,
        model_type="gpt_oss",
        num_attention_heads=heads,
        num_experts_per_tok=top_k,
        num_hidden_layers=len(layer_types),
        num_key_value_heads=kv_heads,
        num_local_experts=experts,
        output_router_logits=False,
        rms_norm_eps=1e-05,
        router_aux_loss_coef=0.9,
        swiglu_limit=7.0,
        tie_word_embeddings=False,
        transformers_version="4.55.0.dev0",
        use_cache=True,
    ) | more


def yarn(factor, original, truncate):
    return dict(
        beta_fast=1.8,
        beta_slow=0.35,
        factor=factor,
        original_max_position_embeddings=original,
        rope_type="yarn",
        truncate=truncate,
    )


CASES = [
    FamilyCase(
        "gpt-oss",
        "gpt_oss",
        "sinks, window 20 on every other layer, yarn without truncation past the original length, "
        "top-3 of 5 with softmax over the chosen, 6 heads on 2, head_dim 12 (hidden 44), clamped "
        "SwiGLU over interleaved rows, every bias",
        config(
            6, 2, ["sliding_attention", "full_attention", "sliding_attention"], 5, 3,
            eos_token_id=130,
            head_dim=12,
            hidden_size=44,
            initial_context_length=36,
            intermediate_size=20,
            max_position_embeddings=144,
            pad_token_id=129,
            rope_scaling=yarn(4.0, 36, False),
            rope_theta=1000,
            sliding_window=20,
            vocab_size=131,
        ),
        gguf=True,
        prompt=64,
        rules=RULES,
        inert=INERT,
        seed=27,
    ),
    FamilyCase(
        "gpt-oss-wide",
        "gpt_oss",
        "top-2 of 4, 7 heads on 1, head_dim 20, full attention first, window 16, yarn with factor 8 "
        "and truncation, float32",
        config(
            7, 1, ["full_attention", "sliding_attention"], 4, 2,
            eos_token_id=142,
            head_dim=20,
            hidden_size=36,
            initial_context_length=24,
            intermediate_size=28,
            max_position_embeddings=192,
            pad_token_id=141,
            rope_scaling=yarn(8.0, 24, True),
            rope_theta=1000,
            sliding_window=16,
            vocab_size=143,
        ),
        prompt=60,
        dtype="F32",
        rules=RULES,
        inert=INERT,
        seed=2,
    ),
]
