"""GLM-4-0414."""

from golden_case import FamilyCase


def _config(**more):
    return dict(
        architectures=["Glm4ForCausalLM"],
        attention_dropout=0.0,
        hidden_act="silu",
        initializer_range=0.02,
        model_type="glm4",
        rms_norm_eps=1e-05,
        rope_theta=10000.0,
        tie_word_embeddings=False,
        torch_dtype="bfloat16",
        transformers_version="4.52.0.dev0",
        use_cache=True,
    ) | more


CASES = [
    FamilyCase(
        "glm4",
        "glm4",
        "sandwich norms, half of head_dim 12 rotated in pairs, 6 heads on 2, fused gate and up, no "
        "biases",
        _config(
            attention_bias=False,
            eos_token_id=[140, 141, 142],
            head_dim=12,
            hidden_size=44,
            intermediate_size=52,
            max_position_embeddings=512,
            num_attention_heads=6,
            num_hidden_layers=2,
            num_key_value_heads=2,
            pad_token_id=140,
            partial_rotary_factor=0.5,
            vocab_size=143,
        ),
        prompt=56,
    ),
    FamilyCase(
        "glm4-biases",
        "glm4",
        "biases of q, k and v (none of o), 7 heads on 1, head_dim 20, 8 of them rotated, hidden 36",
        _config(
            attention_bias=True,
            eos_token_id=[129, 130],
            head_dim=20,
            hidden_size=36,
            intermediate_size=60,
            max_position_embeddings=512,
            num_attention_heads=7,
            num_hidden_layers=3,
            num_key_value_heads=1,
            pad_token_id=129,
            partial_rotary_factor=0.4,
            vocab_size=131,
        ),
        prompt=60,
        rules=((r"(post_self_attn|post_mlp)_layernorm\.weight$", "norm", 2.0),),
    ),
]
