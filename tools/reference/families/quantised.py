"""Quantised checkpoints as published: packed tensors, scales and quantization_config."""

import dataclasses

import torch

import golden_quant as gq
from families import deepseek, glm_moe, gpt_oss, minimax, mistral_new
from golden_case import FamilyCase


def _case(module, name):
    return next(case for case in module.CASES if case.name == name)


def _resized(case, quantization_config, **config):
    return {**case.config, **config, "quantization_config": quantization_config}


def _qwen(model_type, **more):
    return dict(
        architectures=["Qwen2ForCausalLM" if model_type == "qwen2" else "Qwen3ForCausalLM"],
        attention_dropout=0.0,
        bos_token_id=128,
        eos_token_id=130,
        hidden_act="silu",
        initializer_range=0.02,
        max_position_embeddings=512,
        max_window_layers=2,
        model_type=model_type,
        num_hidden_layers=2,
        rms_norm_eps=1e-06,
        rope_theta=10000.0,
        sliding_window=None,
        tie_word_embeddings=True,
        torch_dtype="bfloat16",
        transformers_version="4.51.0",
        use_cache=True,
        use_sliding_window=False,
        vocab_size=131,
    ) | more


_QWEN_INERT = frozenset(("max_window_layers", "use_sliding_window"))
_LINEAR = r"layers\.\d+\.(self_attn|mlp)\..*_proj$"


def _fp8(block, **more):
    return dict(
        activation_scheme="dynamic", fmt="e4m3", quant_method="fp8", weight_block_size=list(block)
    ) | more


def _compressed(layout, weights, activations, ignore):
    common = dict(
        actorder=None, block_structure=None, dynamic=False, group_size=None, observer="minmax",
        observer_kwargs={}, symmetric=True,
    )
    return dict(
        config_groups=dict(
            group_0=dict(
                input_activations=activations and common | activations,
                output_activations=None,
                targets=["Linear"],
                weights=common | weights,
            )
        ),
        format=layout,
        global_compression_ratio=None,
        ignore=ignore,
        kv_cache_scheme=None,
        quant_method="compressed-tensors",
        quantization_status="compressed",
    )


_V3 = _case(deepseek, "deepseek-v3")
_K2 = _case(deepseek, "kimi-k2")
_GLM = _case(glm_moe, "glm4-moe")
_M2 = _case(minimax, "minimax-m2")
_GPTQ = dict(
    bits=4,
    checkpoint_format="gptq",
    damp_percent=0.01,
    desc_act=False,
    group_size=32,
    lm_head=False,
    quant_method="gptq",
    static_groups=False,
    sym=True,
    true_sequential=True,
)
_QWEN2_32 = dict(
    hidden_size=64,
    intermediate_size=96,
    num_attention_heads=4,
    num_key_value_heads=2,
    rms_norm_eps=1e-06,
    torch_dtype="float16",
)

CASES = [
    FamilyCase(
        "qwen3-fp8",
        "qwen3",
        "FP8 in blocks of 128 × 128 with BF16 scales; hidden 44, ffn 140 and 144 rows of q end "
        "inside a block",
        _qwen(
            "qwen3",
            attention_bias=False,
            head_dim=24,
            hidden_size=44,
            intermediate_size=140,
            num_attention_heads=6,
            num_key_value_heads=2,
            quantization_config=_fp8((128, 128), modules_to_not_convert=["lm_head"]),
            rope_scaling=None,
        ),
        prompt=56,
        inert=_QWEN_INERT,
        rules=((r"(q_norm|k_norm)\.weight$", "norm_wide", 1.6),),
        quant=gq.Fp8Block(_LINEAR, block=(128, 128), scale_dtype=torch.bfloat16),
    ),
    dataclasses.replace(
        _V3,
        name="deepseek-v3-fp8",
        covers="deepseek-v3 with FP8 in blocks of 16 × 32 and F32 scales, that of the MTP layer too; "
        "blocks end inside the rows of kv_b_proj and of kv_a_proj_with_mqa",
        config=_resized(_V3, _fp8((16, 32))),
        quant=gq.Fp8Block(
            r"layers\.\d+\.(self_attn\.|mlp\.).*_proj(_with_mqa)?$", block=(16, 32)
        ),
        shards=1,
    ),
    dataclasses.replace(
        _M2,
        name="minimax-m2-fp8",
        covers="minimax-m2 with FP8 in blocks of 16 × 32 and F32 scales",
        config=_resized(
            _M2,
            _fp8(
                (16, 32), fmt="float8_e4m3fn",
                modules_to_not_convert=["gate", "e_score_correction_bias", "lm_head"],
            ),
        ),
        quant=gq.Fp8Block(
            r"layers\.\d+\.(self_attn\.\w+_proj|.*experts\.\d+\.\w+)$", block=(16, 32)
        ),
    ),
    dataclasses.replace(
        _GLM,
        name="glm4-moe-fp8",
        covers="glm4-moe as compressed-tensors float-quantized: e4m3 with a BF16 scale per channel",
        config=_resized(
            _GLM,
            _compressed(
                "float-quantized",
                dict(num_bits=8, strategy="channel", type="float"),
                dict(dynamic=True, num_bits=8, observer=None, strategy="token", type="float"),
                ["lm_head", "model.layers.1.mlp.gate", "model.layers.2.mlp.gate",
                 "model.layers.3.mlp.gate", "model.layers.3.eh_proj",
                 "model.layers.3.shared_head.head"],
            ),
        ),
        quant=gq.Fp8Channel(r"layers\.\d+\.(self_attn|mlp)\..*_proj$"),
    ),
    dataclasses.replace(
        _case(mistral_new, "ministral3"),
        name="ministral3-fp8",
        covers="ministral3 with static FP8: one weight_scale_inv and one activation_scale a matrix",
        config=mistral_new.multimodal(
            mistral_new.ministral3_text(bos_token_id=1, eos_token_id=2),
            quantization_config=dict(
                activation_scheme="static",
                dequantize=False,
                modules_to_not_convert=[
                    "model.vision_tower", "model.multi_modal_projector", "lm_head",
                ],
                quant_method="fp8",
                weight_block_size=None,
            ),
        ),
        quant=gq.Fp8Static(_LINEAR),
    ),
    dataclasses.replace(
        _K2,
        name="kimi-k2-int4",
        covers="kimi-k2 with its routed experts as compressed-tensors int4, symmetric, groups of 32 "
        "(hidden 64, expert 32)",
        config=_resized(
            _K2,
            _compressed(
                "pack-quantized",
                dict(group_size=32, num_bits=4, strategy="group", type="int"),
                None,
                ["lm_head", "re:.*self_attn.*", "re:.*shared_experts.*",
                 "re:.*mlp\\.(gate|up|gate_up|down)_proj.*"],
            ),
            hidden_size=64,
            moe_intermediate_size=32,
            n_routed_experts=7,
        ),
        quant=gq.CompressedInt4(r"\.experts\.\d+\.\w+_proj$"),
    ),
    FamilyCase(
        "qwen3-int4-asym",
        "qwen3",
        "compressed-tensors int4 with zero points, groups of 32; the 20 rows of k and v leave a "
        "packed word of zero points half empty",
        _qwen(
            "qwen3",
            attention_bias=False,
            head_dim=20,
            hidden_size=64,
            intermediate_size=96,
            num_attention_heads=8,
            num_key_value_heads=1,
            quantization_config=_compressed(
                "pack-quantized",
                dict(group_size=32, num_bits=4, strategy="group", symmetric=False, type="int"),
                None,
                ["lm_head"],
            ),
            rope_scaling=None,
        ),
        prompt=56,
        inert=_QWEN_INERT,
        rules=((r"(q_norm|k_norm)\.weight$", "norm_wide", 1.6),),
        quant=gq.CompressedInt4(_LINEAR, symmetric=False, shape_dtype=torch.int64),
    ),
    FamilyCase(
        "qwen3-awq",
        "qwen3",
        "AWQ (gemm), groups of 32, F16",
        _qwen(
            "qwen3",
            attention_bias=False,
            head_dim=24,
            hidden_size=64,
            intermediate_size=96,
            num_attention_heads=4,
            num_key_value_heads=1,
            quantization_config=dict(
                backend="autoawq", bits=4, do_fuse=False, exllama_config=None, group_size=32,
                modules_to_not_convert=None, quant_method="awq", version="gemm", zero_point=True,
            ),
            rope_scaling=None,
            torch_dtype="float16",
        ),
        prompt=56,
        dtype="F16",
        inert=_QWEN_INERT,
        rules=((r"(q_norm|k_norm)\.weight$", "norm_wide", 1.6),),
        quant=gq.Awq(_LINEAR),
    ),
    FamilyCase(
        "qwen2-awq",
        "qwen2",
        "AWQ (gemm), groups of 32, F16, with biases of q, k and v",
        _qwen(
            "qwen2",
            **_QWEN2_32,
            quantization_config=dict(
                bits=4, group_size=32, modules_to_not_convert=None, quant_method="awq",
                version="gemm", zero_point=True,
            ),
        ),
        prompt=56,
        dtype="F16",
        inert=_QWEN_INERT,
        rules=((r"(q_proj|k_proj)\.weight$", "matrix", 1.6),),
        quant=gq.Awq(_LINEAR),
    ),
    FamilyCase(
        "qwen2-gptq",
        "qwen2",
        "GPTQ, symmetric, groups of 32 in order, F16",
        _qwen("qwen2", **_QWEN2_32, quantization_config=_GPTQ),
        prompt=56,
        dtype="F16",
        inert=_QWEN_INERT,
        rules=((r"(q_proj|k_proj)\.weight$", "matrix", 1.6),),
        quant=gq.Gptq(_LINEAR),
    ),
    FamilyCase(
        "qwen2-gptq-act-order",
        "qwen2",
        "GPTQ with desc_act (g_idx out of order) and zero points, groups of 32, F16",
        _qwen("qwen2", **_QWEN2_32, quantization_config={**_GPTQ, "desc_act": True, "sym": False}),
        prompt=56,
        dtype="F16",
        inert=_QWEN_INERT,
        rules=((r"(q_proj|k_proj)\.weight$", "matrix", 1.6),),
        quant=gq.Gptq(_LINEAR, symmetric=False, act_order=True),
    ),
    FamilyCase(
        "gpt-oss-mxfp4",
        "gpt_oss",
        "experts as published: MXFP4 blocks and scales with BF16 biases (hidden 64, expert 32); "
        "top-3 of 4, 7 heads on 1, window 20 on every other layer",
        gpt_oss.config(
            7, 1, ["sliding_attention", "full_attention"], 4, 3,
            eos_token_id=130,
            head_dim=12,
            hidden_size=64,
            initial_context_length=36,
            intermediate_size=32,
            max_position_embeddings=144,
            pad_token_id=129,
            quantization_config=dict(
                modules_to_not_convert=[
                    "model.layers.*.self_attn", "model.layers.*.mlp.router", "model.embed_tokens",
                    "lm_head",
                ],
                quant_method="mxfp4",
            ),
            rope_scaling=gpt_oss.yarn(4.0, 36, False),
            rope_theta=1000,
            sliding_window=20,
            vocab_size=131,
        ),
        prompt=64,
        rules=gpt_oss.RULES,
        inert=gpt_oss.INERT,
        quant=gq.Mxfp4(r"experts\.(\d+\.)?(gate_up|down)_proj$"),
    ),
]
