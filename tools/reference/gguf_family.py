"""Writes the GGUF form of a family's checkpoint: names, merged experts and keys as llama.cpp has them.

Tensor names come from the gguf package's own table. Where a key of this form cannot say what the
configuration says, `write` refuses.
"""

import re

import gguf
import numpy as np
import torch

from gguf_form import llama3_factors, permute

Type = gguf.GGMLQuantizationType
Gating = gguf.ExpertGatingFuncType

ARCHITECTURES = {
    "deepseek_v2": "deepseek2",
    "deepseek_v3": "deepseek2",
    "kimi_k2": "deepseek2",
    "qwen3_moe": "qwen3moe",
    "qwen3_next": "qwen3next",
    "glm4": "glm4",
    "glm4_moe": "glm4moe",
    "ernie4_5": "ernie4_5",
    "ernie4_5_moe": "ernie4_5-moe",
    "hunyuan_v1_dense": "hunyuan-dense",
    "hunyuan_v1_moe": "hunyuan-moe",
    "mixtral": "llama",
    "ministral3": "mistral3",
    "apertus": "apertus",
    "gpt_oss": "gpt-oss",
    "seed_oss": "seed_oss",
    "minimax_m2": "minimax-m2",
}
MOE_WIDTH = ("moe_intermediate_size", "intermediate_size")
EXPERT = re.compile(r"^(.*\.experts)\.(\d+)\.(\w+)\.weight$")


def first(config, *keys):
    value = next((config[key] for key in keys if config.get(key) is not None), None)
    return value[0] if isinstance(value, list) else value


def head_dim(config):
    return config.get("head_dim") or config["hidden_size"] // config["num_attention_heads"]


def merge_experts(tensors):
    """(name, tensor) pairs with the experts of a layer stacked, in the order of their numbers."""
    stacks = {}
    for name, tensor in tensors.items():
        if match := EXPERT.match(name):
            stacks.setdefault(f"{match[1]}.{match[3]}.weight", {})[int(match[2])] = tensor
        else:
            yield name, tensor
    for name, members in stacks.items():
        yield name, torch.stack([members[e] for e in range(len(members))])


def deepseek(config, name, t):
    """kv_b split into k_b, transposed for absorption, and v_b, head by head."""
    if not name.endswith("kv_b_proj.weight"):
        return [(name, t)]
    nope, v_dim = config["qk_nope_head_dim"], config["v_head_dim"]
    heads = t.reshape(config["num_attention_heads"], nope + v_dim, -1)
    k, v = heads.split([nope, v_dim], 1)
    return [(name.replace("kv_b", "k_b"), k.transpose(1, 2)), (name.replace("kv_b", "v_b"), v)]


def qwen3_next(config, name, t):
    """Norms hold 1 + w, ssm_a is −exp(A_log); qkvz by key heads becomes q, k and v, and z apart."""
    if name.endswith(".A_log"):
        return [(name, -torch.exp(t))]
    if name.endswith(".dt_bias"):
        return [(name.replace("dt_bias", "dt_proj.bias"), t)]
    if "conv1d" in name:
        return [(name, t.squeeze(1))]
    if name.endswith("norm.weight") and "linear_attn" not in name:
        return [(name, t + 1)]
    if name.endswith("in_proj_qkvz.weight"):
        heads, k_dim = config["linear_num_key_heads"], config["linear_key_head_dim"]
        v_dim = config["linear_num_value_heads"] // heads * config["linear_value_head_dim"]
        parts = t.reshape(heads, -1, t.shape[1]).split([k_dim, k_dim, v_dim, v_dim], 1)
        q, k, v, z = (part.flatten(0, 1) for part in parts)
        blk = re.sub(r"^model\.layers\.(\d+)\..*", r"blk.\1", name)
        return [(f"{blk}.attn_qkv.weight", torch.cat([q, k, v])), (f"{blk}.attn_gate.weight", z)]
    return [(name, t)]


def gpt_oss(config, name, t):
    """Experts as (out, in), gate and up apart."""
    if name.endswith(".sinks"):
        return [(name + ".weight", t)]
    if ".experts." not in name:
        return [(name, t)]
    stem, leaf = re.match(r"(.*\.experts\.\w+_proj)(_bias)?$", name).groups()
    suffix, t = (".bias", t) if leaf else (".weight", t.transpose(1, 2))
    if stem.endswith("down_proj"):
        return [(stem + suffix, t)]
    halves = (("gate", t[:, 0::2]), ("up", t[:, 1::2]))
    return [(stem.replace("gate_up", half) + suffix, rows) for half, rows in halves]


def llama_order(config, name, t):
    """Q and K rows in pairs."""
    key = {"q_proj": "num_attention_heads", "k_proj": "num_key_value_heads"}
    kind = name.split(".")[-2]
    if kind in key:
        t = torch.from_numpy(permute(t.numpy(), config[key[kind]]))
    return [(name, t)]


CHANGES = {
    "deepseek2": deepseek,
    "qwen3next": qwen3_next,
    "gpt-oss": gpt_oss,
    "llama": llama_order,
    "mistral3": llama_order,
}


def gguf_tensors(config, arch, tensors, layers):
    """gguf name → float32 tensor, from the published tensors in float32."""
    names = gguf.get_tensor_name_map(
        next(key for key, value in gguf.MODEL_ARCH_NAMES.items() if value == arch), layers
    )
    change = CHANGES.get(arch, lambda config, name, t: [(name, t)])
    out = {}
    for name, tensor in merge_experts(tensors):
        name = name.removeprefix("language_model.")
        name = name.replace("e_score_correction_bias", "e_score_correction.bias")
        for new_name, values in change(config, name, tensor):
            known = names.get_name(new_name, try_suffixes=(".weight", ".bias"))
            out[known or new_name] = values.contiguous()
    return out


def add_common_keys(w, config, layers):
    w.add_type("model")
    w.add_block_count(layers)
    w.add_context_length(config["max_position_embeddings"])
    w.add_embedding_length(config["hidden_size"])
    w.add_feed_forward_length(config["intermediate_size"])
    w.add_head_count(config["num_attention_heads"])
    w.add_layer_norm_rms_eps(config["rms_norm_eps"])
    w.add_vocab_size(config["vocab_size"])
    w.add_file_type(gguf.LlamaFileType.ALL_F32)
    w.add_tokenizer_model("no_vocab")
    for key, add in (("bos_token_id", w.add_bos_token_id), ("eos_token_id", w.add_eos_token_id)):
        if (value := first(config, key)) is not None:
            add(value)


def add_attention_keys(w, config):
    w.add_head_count_kv(config["num_key_value_heads"])
    w.add_key_length(head_dim(config))
    w.add_value_length(head_dim(config))
    if config.get("sliding_window"):
        w.add_sliding_window(config["sliding_window"])


def add_mla_keys(w, config):
    """The latent cache makes it attention with one key head of kv_lora_rank + rope elements."""
    if config["q_lora_rank"] is not None:
        w.add_q_lora_rank(config["q_lora_rank"])
    w.add_head_count_kv(1)
    w.add_kv_lora_rank(config["kv_lora_rank"])
    w.add_key_length(config["kv_lora_rank"] + config["qk_rope_head_dim"])
    w.add_value_length(config["kv_lora_rank"])
    w.add_key_length_mla(config["qk_nope_head_dim"] + config["qk_rope_head_dim"])
    w.add_value_length_mla(config["v_head_dim"])


def add_rope(w, config, arch, hf_config, n_rotated):
    """`hf_config`: transformers' own, with rope_parameters in one form."""
    rope = dict(hf_config.rope_parameters)
    if alpha := rope.get("alpha"):
        dim = head_dim(config)
        w.add_rope_dimension_count(dim)
        w.add_rope_freq_base(rope["rope_theta"] * alpha ** (dim / (dim - 2)))
        w.add_rope_scaling_type(gguf.RopeScalingType.NONE)
        w.add_rope_scaling_factor(1.0)
        return
    w.add_rope_dimension_count(n_rotated)
    w.add_rope_freq_base(rope["rope_theta"])
    if rope["rope_type"] == "yarn":
        w.add_rope_scaling_type(gguf.RopeScalingType.YARN)
        w.add_rope_scaling_factor(rope["factor"])
        w.add_rope_scaling_orig_ctx_len(rope["original_max_position_embeddings"])
        w.add_rope_scaling_yarn_beta_fast(rope.get("beta_fast", 32.0))
        w.add_rope_scaling_yarn_beta_slow(rope.get("beta_slow", 1.0))
        if (all_dim := rope.get("mscale_all_dim")) is not None:
            if arch == "deepseek2":
                if all_dim != rope["mscale"]:
                    raise ValueError("deepseek2 has no key for mscale beside mscale_all_dim")
                w.add_rope_scaling_yarn_log_mul(0.1 * all_dim)
            else:
                w.add_rope_scaling_yarn_log_mul(all_dim)
    elif rope["rope_type"] not in ("default", "llama3"):
        raise ValueError(f"GGUF has no {rope['rope_type']} rope scaling")


def add_moe_keys(w, config, arch):
    experts = first(
        config, "n_routed_experts", "num_experts", "num_local_experts", "moe_num_experts"
    )
    w.add_expert_count(experts)
    w.add_expert_used_count(first(config, "num_experts_per_tok", "moe_topk", "moe_k"))
    w.add_expert_feed_forward_length(first(config, *MOE_WIDTH))
    if arch in ("deepseek2", "glm4moe", "minimax-m2"):
        softmax = config.get("scoring_func") == "softmax"
        w.add_expert_gating_func(Gating.SOFTMAX if softmax else Gating.SIGMOID)
    if arch in ("deepseek2", "glm4moe"):
        w.add_leading_dense_block_count(config["first_k_dense_replace"])
        w.add_expert_shared_count(config["n_shared_experts"])
        w.add_expert_weights_scale(config["routed_scaling_factor"])
        w.add_expert_weights_norm(config["norm_topk_prob"])
        w.add_expert_group_count(config["n_group"])
        w.add_expert_group_used_count(config["topk_group"])
    if arch == "glm4moe":
        w.add_nextn_predict_layers(config["num_nextn_predict_layers"])
    if arch == "ernie4_5-moe":
        if config["moe_layer_end_index"] not in (-1, config["num_hidden_layers"] - 1):
            raise ValueError("ernie4_5-moe has no key for the last sparse layer")
        w.add_interleave_moe_layer_step(config["moe_layer_interval"])
        w.add_leading_dense_block_count(config["moe_layer_start_index"])
        w.add_expert_shared_count(config["moe_num_shared_experts"])
    if arch == "hunyuan-moe":
        w.add_expert_shared_count(first(config, "num_shared_expert"))
        w.add_expert_shared_feed_forward_length(config["intermediate_size"])
    if arch in ("qwen3moe", "qwen3next"):
        if config["mlp_only_layers"] or config["decoder_sparse_step"] != 1:
            raise ValueError(f"{arch} has no key for dense layers")
        if not config["norm_topk_prob"]:
            raise ValueError(f"{arch} has no key for weights that are not renormalised")


def rotated(config):
    if "qk_rope_head_dim" in config:
        return config["qk_rope_head_dim"]
    if "rotary_dim" in config:
        return config["rotary_dim"]
    return int(head_dim(config) * config.get("partial_rotary_factor", 1.0))


def write(path, config, hf_config, tensors):
    """`tensors`: the published ones in float32, without those that GGUF leaves out."""
    arch = ARCHITECTURES[config["model_type"]]
    layers = config["num_hidden_layers"]
    if arch == "glm4moe":
        layers += config["num_nextn_predict_layers"]
    w = gguf.GGUFWriter(path, arch)
    add_common_keys(w, config, layers)
    (add_mla_keys if arch == "deepseek2" else add_attention_keys)(w, config)
    add_rope(w, config, arch, hf_config, rotated(config))
    if any(".experts." in name for name in tensors):
        add_moe_keys(w, config, arch)
    if arch == "mistral3":
        w.add_attn_temperature_scale(hf_config.rope_parameters["llama_4_scaling_beta"])
    if arch == "qwen3next":
        w.add_expert_shared_feed_forward_length(config["shared_expert_intermediate_size"])
        w.add_ssm_conv_kernel(config["linear_conv_kernel_dim"])
        w.add_ssm_state_size(config["linear_key_head_dim"])
        w.add_ssm_group_count(config["linear_num_key_heads"])
        w.add_ssm_time_step_rank(config["linear_num_value_heads"])
        w.add_ssm_inner_size(config["linear_value_head_dim"] * config["linear_num_value_heads"])
        w.add_full_attention_interval(config["full_attention_interval"])
    values = gguf_tensors(config, arch, tensors, layers)
    if arch == "apertus":
        for key, add in (
            ("alpha_p", w.add_xielu_alpha_p), ("alpha_n", w.add_xielu_alpha_n),
            ("beta", w.add_xielu_beta), ("eps", w.add_xielu_eps),
        ):
            names = [f"model.layers.{i}.mlp.act_fn.{key}" for i in range(layers)]
            add([float(values.pop(name)) for name in names])
    if hf_config.rope_parameters["rope_type"] == "llama3":
        values["rope_freqs.weight"] = torch.from_numpy(llama3_factors(hf_config))
    if homeless := [name for name in values if name.startswith("model.")]:
        raise ValueError(f"{arch}: tensors without a name in GGUF: {homeless}")
    for name, tensor in values.items():
        w.add_tensor(name, np.ascontiguousarray(tensor.numpy()), raw_dtype=Type.F32)
    w.write_header_to_file()
    w.write_kv_data_to_file()
    w.write_tensors_to_file()
    w.close()
