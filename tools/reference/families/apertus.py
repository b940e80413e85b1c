"""Apertus."""

from golden_case import FamilyCase


def _config(**more):
    return dict(
        architectures=["ApertusForCausalLM"],
        attention_dropout=0.0,
        bos_token_id=1,
        eos_token_id=2,
        hidden_act="xielu",
        hidden_dropout=0.0,
        initializer_range=0.02,
        mlp_bias=False,
        model_type="apertus",
        pad_token_id=3,
        post_norm=False,
        qk_norm=True,
        rms_norm_eps=1e-05,
        torch_dtype="bfloat16",
        transformers_version="4.56.0.dev0",
        use_cache=True,
    ) | more


# qk_norm is always on in transformers, the rest off.
_INERT = frozenset(
    "hidden_act hidden_dropout mlp_bias post_norm qk_norm rope_scaling.type".split()
)

CASES = [
    FamilyCase(
        "apertus",
        "apertus",
        "xIELU without a gate, q and k norms, llama3 rope past the original length, 6 heads on 2, "
        "head_dim 8 (hidden 48), untied",
        _config(
            attention_bias=False,
            hidden_size=48,
            intermediate_size=76,
            max_position_embeddings=384,
            num_attention_heads=6,
            num_hidden_layers=2,
            num_key_value_heads=2,
            rope_scaling=dict(
                factor=8.0,
                high_freq_factor=4.0,
                low_freq_factor=1.0,
                original_max_position_embeddings=48,
                rope_type="llama3",
                type="llama3",
            ),
            rope_theta=10000.0,
            tie_word_embeddings=False,
            vocab_size=143,
        ),
        prompt=64,
        inert=_INERT,
    ),
    FamilyCase(
        "apertus-tied",
        "apertus",
        "own head_dim 12 with 7 heads on 1 (hidden 36), attention_bias, no rope scaling, tied",
        _config(
            attention_bias=True,
            head_dim=12,
            hidden_size=36,
            intermediate_size=92,
            max_position_embeddings=512,
            num_attention_heads=7,
            num_hidden_layers=3,
            num_key_value_heads=1,
            rope_scaling=dict(rope_type="default"),
            rope_theta=10000.0,
            tie_word_embeddings=True,
            vocab_size=131,
        ),
        prompt=56,
        inert=_INERT | {"rope_scaling"},
        rules=((r"(q_norm|k_norm)\.weight$", "norm_wide", 1.8),),
    ),
]
