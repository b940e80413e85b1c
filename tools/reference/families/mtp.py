"""DeepSeek-V3 with the logits of its multi-token prediction layer."""

from golden_case import FamilyCase
from published.deepseek import DeepseekV3

_RULES = (
    (r"norm\.weight$", "norm", 1.0),
    (r"embed_tokens", "embed", 1.0),
    (r"e_score_correction_bias$", "select_low", 1.0),
    (r"\.gate\.weight$", "matrix", 2.0),
    (r"\.weight$", "matrix", 1.0),
)
_INERT = frozenset(
    "aux_loss_alpha ep_size moe_layer_freq seq_aux num_key_value_heads scoring_func topk_method "
    "rope_scaling.type".split()
)


def _copies(config):
    """The MTP layer's own names of the embedding and of the head, which it shares."""
    layer = f"model.layers.{config['num_hidden_layers']}"
    return {
        f"{layer}.embed_tokens.weight": "model.embed_tokens.weight",
        f"{layer}.shared_head.head.weight": "lm_head.weight",
    }


def _to_disk(state, config):
    return {**state, **{name: state[of] for name, of in _copies(config).items() if of in state}}


def _from_disk(tensors, config):
    return {name: t for name, t in tensors.items() if name not in _copies(config)}


def _config(**values):
    return dict(
        architectures=["DeepseekV3ForCausalLM"],
        attention_bias=False,
        attention_dropout=0.0,
        aux_loss_alpha=0.001,
        ep_size=1,
        hidden_act="silu",
        initializer_range=0.02,
        model_type="deepseek_v3",
        moe_layer_freq=1,
        norm_topk_prob=True,
        num_nextn_predict_layers=1,
        pretraining_tp=1,
        rms_norm_eps=1e-06,
        scoring_func="sigmoid",
        seq_aux=True,
        tie_word_embeddings=False,
        topk_method="noaux_tc",
        torch_dtype="bfloat16",
        transformers_version="4.33.1",
        use_cache=True,
        **values,
    )


_SOURCE = (
    "deepseek-ai/DeepSeek-V3; transformers' deepseek_v3 gives the same logits to 1e-6; the MTP "
    "layer after sglang's deepseek_nextn.py"
)

CASES = [
    FamilyCase(
        "deepseek3-mtp",
        "deepseek_v3",
        "MTP layer with its logits; yarn with mscale past the original length, 2 of 3 groups, "
        "top-3 of 9, 2 shared experts, 3 heads, v_head_dim 12",
        _config(
            bos_token_id=0,
            eos_token_id=1,
            first_k_dense_replace=1,
            hidden_size=44,
            intermediate_size=60,
            kv_lora_rank=24,
            max_position_embeddings=128,
            moe_intermediate_size=20,
            n_group=3,
            n_routed_experts=9,
            n_shared_experts=2,
            num_attention_heads=3,
            num_experts_per_tok=3,
            num_hidden_layers=2,
            num_key_value_heads=3,
            q_lora_rank=28,
            qk_nope_head_dim=16,
            qk_rope_head_dim=12,
            rope_scaling=dict(
                beta_fast=1.8, beta_slow=0.35, factor=4, mscale=1.0, mscale_all_dim=0.7,
                original_max_position_embeddings=32, type="yarn",
            ),
            rope_theta=1000,
            routed_scaling_factor=1.5,
            topk_group=2,
            v_head_dim=12,
            vocab_size=181,
        ),
        prompt=56,
        seed=6,
        module=DeepseekV3,
        source=_SOURCE,
        float32=r"e_score_correction_bias$",
        embed_std=0.03,
        rules=_RULES,
        inert=_INERT,
        to_disk=_to_disk,
        from_disk=_from_disk,
    ),
    FamilyCase(
        "deepseek3-mtp-plain",
        "deepseek_v3",
        "MTP layer with its logits; no rope scaling, one group, top-2 of 6, one shared expert, "
        "5 heads, every layer sparse",
        _config(
            bos_token_id=0,
            eos_token_id=1,
            first_k_dense_replace=0,
            hidden_size=52,
            intermediate_size=60,
            kv_lora_rank=20,
            max_position_embeddings=512,
            moe_intermediate_size=28,
            n_group=1,
            n_routed_experts=6,
            n_shared_experts=1,
            num_attention_heads=5,
            num_experts_per_tok=2,
            num_hidden_layers=1,
            num_key_value_heads=5,
            q_lora_rank=36,
            qk_nope_head_dim=12,
            qk_rope_head_dim=8,
            rope_scaling=None,
            rope_theta=10000,
            routed_scaling_factor=2.5,
            topk_group=1,
            v_head_dim=20,
            vocab_size=167,
        ),
        prompt=40,
        seed=2,
        module=DeepseekV3,
        source=_SOURCE,
        float32=r"e_score_correction_bias$",
        embed_std=0.03,
        rules=_RULES,
        # No layer is dense.
        inert=_INERT | {"intermediate_size", "n_group", "topk_group"},
        to_disk=_to_disk,
        from_disk=_from_disk,
    ),
]
