"""DeepSeek-V2, DeepSeek-V3 and Kimi K2."""

from golden_case import FamilyCase

_COMMON = dict(
    attention_bias=False,
    attention_dropout=0.0,
    hidden_act="silu",
    initializer_range=0.02,
    tie_word_embeddings=False,
    torch_dtype="bfloat16",
    transformers_version="4.33.1",
    use_cache=True,
)

# Keys of the published files that say how the makers train or deploy, or that transformers does
# not read because its class knows one kind only.
_INERT = frozenset(
    "aux_loss_alpha ep_size moe_layer_freq seq_aux num_nextn_predict_layers num_key_value_heads "
    "scoring_func topk_method rope_scaling.type".split()
)

CASES = [
    FamilyCase(
        "deepseek-v2-lite",
        "deepseek_v2",
        "MLA without q_lora, greedy softmax routing top-3 of 7 times 1.3, 2 shared experts, yarn "
        "with mscale 0.707 past the original length, first layer dense, v_head_dim 12",
        dict(
            architectures=["DeepseekV2ForCausalLM"],
            **_COMMON,
            aux_loss_alpha=0.001,
            bos_token_id=257,
            eos_token_id=258,
            first_k_dense_replace=1,
            hidden_size=60,
            intermediate_size=92,
            kv_lora_rank=36,
            max_position_embeddings=160,
            model_type="deepseek_v2",
            moe_intermediate_size=28,
            moe_layer_freq=1,
            n_group=1,
            n_routed_experts=7,
            n_shared_experts=2,
            norm_topk_prob=False,
            num_attention_heads=3,
            num_experts_per_tok=3,
            num_hidden_layers=3,
            num_key_value_heads=3,
            pretraining_tp=1,
            q_lora_rank=None,
            qk_nope_head_dim=20,
            qk_rope_head_dim=12,
            rms_norm_eps=1e-06,
            rope_scaling=dict(
                beta_fast=1.8,
                beta_slow=0.35,
                factor=4,
                mscale=0.707,
                mscale_all_dim=0.707,
                original_max_position_embeddings=40,
                type="yarn",
            ),
            rope_theta=1000,
            routed_scaling_factor=1.3,
            scoring_func="softmax",
            seq_aux=True,
            topk_group=1,
            topk_method="greedy",
            v_head_dim=12,
            vocab_size=261,
        ),
        prompt=72,
        inert=_INERT | {"n_group", "norm_topk_prob", "topk_group"},
    ),
]
