"""Qwen3-Next."""

from golden_case import FamilyCase

# Norms of this family multiply by 1 + weight, the gated one of the linear attention by weight.
_RULES = (
    (r"linear_attn\.norm\.weight$", "norm", 1.0),
    (r"(q_norm|k_norm)\.weight$", "norm_plus_one", 1.0),
    (r"norm\w*\.weight$", "norm_plus_one", 1.0),
    (r"A_log$", "shift", 2.0),
    (r"dt_bias$", "shift", 2.0),
    (r"conv1d\.weight$", "matrix", 1.5),
    # Small values before the gated norm, so that its epsilon bounds what cancellation in q·k costs.
    (r"in_proj_qkvz\.weight$", "matrix", 0.03),
    (r"linear_attn\.out_proj\.weight$", "matrix", 20.0),
    (r"\.gate\.weight$", "matrix", 1.5),
    (r"\.shared_expert\.", "matrix", 1.5),
    (r"shared_expert_gate", "matrix", 2.0),
    (r"q_proj\.weight$", "matrix", 1.0),
)


def _config(**more):
    return dict(
        architectures=["Qwen3NextForCausalLM"],
        attention_bias=False,
        attention_dropout=0.0,
        decoder_sparse_step=1,
        hidden_act="silu",
        initializer_range=0.02,
        mlp_only_layers=[],
        model_type="qwen3_next",
        output_router_logits=False,
        rms_norm_eps=1e-06,
        rope_scaling=None,
        router_aux_loss_coef=0.001,
        torch_dtype="bfloat16",
        transformers_version="4.57.0.dev0",
        use_cache=True,
        use_sliding_window=False,
    ) | more


def _mtp(config, layer):
    """The module beside the model, with a layer of full attention; readers may skip it."""
    hidden = config["hidden_size"]
    own = {
        "mtp.fc.weight": (hidden, 2 * hidden),
        "mtp.norm.weight": (hidden,),
        "mtp.pre_fc_norm_embedding.weight": (hidden,),
        "mtp.pre_fc_norm_hidden.weight": (hidden,),
    }
    return own | {f"mtp.layers.0.{name}": shape for name, shape in layer.items()}


CASES = [
    FamilyCase(
        "qwen3-next",
        "qwen3_next",
        "2 layers of gated delta net (2 key and 4 value heads, 12 and 8 wide, convolution of 4) and 1 "
        "of gated full attention (3 heads on 1, head_dim 20, 8 rotated), top-3 of 6 renormalised, "
        "gated shared expert, prompt longer than a chunk of 64, MTP module on disk",
        _config(
            bos_token_id=128,
            eos_token_id=130,
            full_attention_interval=3,
            head_dim=20,
            hidden_size=36,
            intermediate_size=44,
            linear_conv_kernel_dim=4,
            linear_key_head_dim=12,
            linear_num_key_heads=2,
            linear_num_value_heads=4,
            linear_value_head_dim=8,
            max_position_embeddings=512,
            moe_intermediate_size=8,
            norm_topk_prob=True,
            num_attention_heads=3,
            num_experts=6,
            num_experts_per_tok=3,
            num_hidden_layers=3,
            num_key_value_heads=1,
            partial_rotary_factor=0.4,
            rope_theta=1000,
            shared_expert_intermediate_size=12,
            tie_word_embeddings=False,
            vocab_size=131,
        ),
        prompt=80,
        rules=_RULES,
        embed_std=0.3,
        inert=frozenset(("intermediate_size", "use_sliding_window")),
        extra=_mtp,
    ),
    FamilyCase(
        "qwen3-next-dense",
        "qwen3_next",
        "full_attention_interval 2 over 3 layers, layer 0 dense by mlp_only_layers, 3 value heads on "
        "1 key head, convolution of 3, top-2 of 5 not renormalised, 6 heads on 2, tied, F32 A_log and "
        "gated norm",
        _config(
            bos_token_id=128,
            eos_token_id=130,
            full_attention_interval=2,
            head_dim=12,
            hidden_size=44,
            intermediate_size=28,
            linear_conv_kernel_dim=3,
            linear_key_head_dim=8,
            linear_num_key_heads=1,
            linear_num_value_heads=3,
            linear_value_head_dim=12,
            max_position_embeddings=512,
            mlp_only_layers=[0],
            moe_intermediate_size=12,
            norm_topk_prob=False,
            num_attention_heads=6,
            num_experts=5,
            num_experts_per_tok=2,
            num_hidden_layers=3,
            num_key_value_heads=2,
            partial_rotary_factor=0.5,
            rope_theta=1000,
            shared_expert_intermediate_size=8,
            tie_word_embeddings=True,
            vocab_size=131,
        ),
        prompt=72,
        rules=_RULES,
        embed_std=0.2,
        float32=r"(A_log|linear_attn\.norm\.weight)$",
        inert=frozenset(("use_sliding_window",)),
    ),
]
