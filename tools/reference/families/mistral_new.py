"""Ministral (layer_types) and Ministral 3 (yarn with a position scale on q)."""

from golden_case import FamilyCase


def _config(architecture, model_type, **more):
    return dict(
        architectures=[architecture],
        attention_dropout=0.0,
        bos_token_id=1,
        eos_token_id=2,
        hidden_act="silu",
        initializer_range=0.02,
        model_type=model_type,
        rms_norm_eps=1e-05,
        tie_word_embeddings=False,
        torch_dtype="bfloat16",
        use_cache=True,
    ) | more


def ministral3_text(**more):
    return dict(
        attention_dropout=0.0,
        head_dim=12,
        hidden_act="silu",
        hidden_size=44,
        initializer_range=0.02,
        intermediate_size=52,
        max_position_embeddings=160,
        model_type="ministral3",
        num_attention_heads=6,
        num_hidden_layers=2,
        num_key_value_heads=2,
        rms_norm_eps=1e-05,
        rope_parameters=dict(
            beta_fast=1.8,
            beta_slow=0.35,
            factor=4.0,
            llama_4_scaling_beta=0.1,
            mscale=1.0,
            mscale_all_dim=1.0,
            original_max_position_embeddings=40,
            rope_theta=1000.0,
            rope_type="yarn",
            type="yarn",
        ),
        sliding_window=None,
        tie_word_embeddings=False,
        use_cache=True,
        vocab_size=143,
    ) | more


# mscale and mscale_all_dim act as their ratio only, which is 1 while both are.
INERT = frozenset(("rope_parameters.type",))


def wrap(state, config):
    return {f"language_model.{name}": tensor for name, tensor in state.items()}


def unwrap(state, config):
    return {name.removeprefix("language_model."): tensor for name, tensor in state.items()}


def vision(config, layer):
    """Tensors of the other half of a multimodal checkpoint: enough to be met, too few to run."""
    hidden = config["text_config"]["hidden_size"]
    wide = config["vision_config"]["hidden_size"]
    return {
        "multi_modal_projector.linear_1.weight": (hidden, wide),
        "multi_modal_projector.linear_2.weight": (hidden, hidden),
        "multi_modal_projector.norm.weight": (wide,),
        "vision_tower.ln_pre.weight": (wide,),
        "vision_tower.patch_conv.weight": (wide, 3, 2, 2),
    }


def multimodal(text, **more):
    return dict(
        architectures=["Mistral3ForConditionalGeneration"],
        image_token_index=10,
        model_type="mistral3",
        multimodal_projector_bias=False,
        projector_hidden_act="gelu",
        spatial_merge_size=2,
        text_config=text,
        torch_dtype="bfloat16",
        transformers_version="5.0.0.dev0",
        vision_config=dict(
            hidden_act="silu",
            hidden_size=12,
            model_type="pixtral",
            num_hidden_layers=1,
            patch_size=2,
        ),
        vision_feature_layer=-1,
    ) | more


CASES = [
    FamilyCase(
        "ministral",
        "ministral",
        "layer_types: window 20 on layers 0 and 2 of 3, 6 heads on 2, own head_dim 12 (hidden 44)",
        _config(
            "MinistralForCausalLM", "ministral",
            head_dim=12,
            hidden_size=44,
            intermediate_size=52,
            layer_types=["sliding_attention", "full_attention", "sliding_attention"],
            max_position_embeddings=512,
            num_attention_heads=6,
            num_hidden_layers=3,
            num_key_value_heads=2,
            rope_theta=10000.0,
            sliding_window=20,
            transformers_version="4.57.0",
            vocab_size=143,
        ),
        prompt=56,
    ),
    FamilyCase(
        "ministral-tied",
        "ministral",
        "full attention first, window 15, 7 heads on 1, head_dim 20 (hidden 36), tied",
        _config(
            "MinistralForCausalLM", "ministral",
            head_dim=20,
            hidden_size=36,
            intermediate_size=60,
            layer_types=["full_attention", "sliding_attention"],
            max_position_embeddings=512,
            num_attention_heads=7,
            num_hidden_layers=2,
            num_key_value_heads=1,
            rope_theta=1000.0,
            sliding_window=15,
            tie_word_embeddings=True,
            transformers_version="4.57.0",
            vocab_size=131,
        ),
        prompt=56,
        rules=((r"(q_proj|k_proj)\.weight$", "matrix", 1.5),),
    ),
    FamilyCase(
        "ministral3",
        "ministral3",
        "inside a multimodal config.json (text_config, language_model. names, vision tensors to "
        "skip): yarn and llama_4_scaling_beta past the original length, 6 heads on 2, head_dim 12",
        multimodal(ministral3_text(bos_token_id=1, eos_token_id=2)),
        prompt=96,
        text_key="text_config",
        inert=INERT,
        to_disk=wrap,
        from_disk=unwrap,
        extra=vision,
    ),
    FamilyCase(
        "ministral3-tied",
        "ministral3",
        "text alone: llama_4_scaling_beta 0.3, mscale 1.0 over 0.7, 7 heads on 1, head_dim 20 "
        "(hidden 36), tied",
        ministral3_text(
            architectures=["Ministral3ForCausalLM"],
            bos_token_id=1,
            eos_token_id=2,
            head_dim=20,
            hidden_size=36,
            intermediate_size=60,
            num_attention_heads=7,
            num_key_value_heads=1,
            rope_parameters=dict(
                beta_fast=1.8,
                beta_slow=0.35,
                factor=4.0,
                llama_4_scaling_beta=0.3,
                mscale=1.0,
                mscale_all_dim=0.7,
                original_max_position_embeddings=32,
                rope_theta=1000.0,
                rope_type="yarn",
                type="yarn",
            ),
            tie_word_embeddings=True,
            torch_dtype="bfloat16",
            transformers_version="5.0.0.dev0",
            vocab_size=131,
        ),
        prompt=80,
        inert=INERT,
    ),
]
