"""Mixtral."""

from golden_case import FamilyCase


def _config(**more):
    return dict(
        architectures=["MixtralForCausalLM"],
        attention_dropout=0.0,
        bos_token_id=1,
        eos_token_id=2,
        hidden_act="silu",
        initializer_range=0.02,
        model_type="mixtral",
        output_router_logits=False,
        rms_norm_eps=1e-05,
        router_aux_loss_coef=0.02,
        tie_word_embeddings=False,
        torch_dtype="bfloat16",
        transformers_version="4.36.0.dev0",
        use_cache=True,
    ) | more


CASES = [
    FamilyCase(
        "mixtral",
        "mixtral",
        "top-2 of 5 renormalised, 6 heads on 2, head_dim 8 (hidden 48), no window",
        _config(
            hidden_size=48,
            intermediate_size=20,
            max_position_embeddings=512,
            num_attention_heads=6,
            num_experts_per_tok=2,
            num_hidden_layers=2,
            num_key_value_heads=2,
            num_local_experts=5,
            rope_theta=10000.0,
            sliding_window=None,
            vocab_size=131,
        ),
        gguf=True,
        prompt=56,
    ),
    FamilyCase(
        "mixtral-window",
        "mixtral",
        "sliding window 20, shorter than the prompt, top-3 of 7, 7 heads on 1, own head_dim 12 "
        "(hidden 36), float32, two shards",
        _config(
            head_dim=12,
            hidden_size=36,
            intermediate_size=12,
            max_position_embeddings=512,
            num_attention_heads=7,
            num_experts_per_tok=3,
            num_hidden_layers=2,
            num_key_value_heads=1,
            num_local_experts=7,
            rope_theta=1000.0,
            sliding_window=20,
            torch_dtype="float32",
            vocab_size=143,
        ),
        prompt=60,
        dtype="F32",
        shards=2,
    ),
]
