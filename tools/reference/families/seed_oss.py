"""Seed-OSS."""

from golden_case import FamilyCase


def _config(**more):
    return dict(
        architectures=["SeedOssForCausalLM"],
        attention_dropout=0.1,
        bos_token_id=0,
        eos_token_id=2,
        hidden_act="silu",
        initializer_range=0.02,
        model_type="seed_oss",
        pad_token_id=1,
        residual_dropout=0.1,
        rms_norm_eps=1e-06,
        rope_scaling=dict(rope_type="default"),
        rope_theta=10000.0,
        torch_dtype="bfloat16",
        transformers_version="4.55.0",
        use_cache=True,
    ) | more


_INERT = frozenset(("residual_dropout", "rope_scaling"))

CASES = [
    FamilyCase(
        "seed-oss",
        "seed_oss",
        "biases of q, k and v without one of o, 10 heads on 2, head_dim 12 (hidden 44), untied",
        _config(
            attention_bias=True,
            attention_out_bias=False,
            head_dim=12,
            hidden_size=44,
            intermediate_size=52,
            max_position_embeddings=512,
            mlp_bias=False,
            num_attention_heads=10,
            num_hidden_layers=2,
            num_key_value_heads=2,
            tie_word_embeddings=False,
            vocab_size=143,
        ),
        prompt=56,
        inert=_INERT,
    ),
    FamilyCase(
        "seed-oss-biases",
        "seed_oss",
        "every bias, 3 heads on 3, head_dim 20 (hidden 36), tied",
        _config(
            attention_bias=True,
            attention_out_bias=True,
            head_dim=20,
            hidden_size=36,
            intermediate_size=60,
            max_position_embeddings=512,
            mlp_bias=True,
            num_attention_heads=3,
            num_hidden_layers=2,
            num_key_value_heads=3,
            tie_word_embeddings=True,
            vocab_size=131,
        ),
        prompt=56,
        inert=_INERT,
        rules=((r"(q_proj|k_proj)\.weight$", "matrix", 1.6),),
    ),
]
