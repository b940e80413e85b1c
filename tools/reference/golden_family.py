"""Goldens of the families: published names on disk, transformers or a torch module as reference."""

import contextlib
import copy
import json
import re
import zlib

import numpy as np
import torch
import transformers
from safetensors import safe_open
from safetensors.torch import save_file
from transformers import CONFIG_MAPPING, AutoModelForCausalLM
from transformers.core_model_loading import revert_weight_conversion

import gguf_family
import gguf_family_oracle
import golden_model as gm
from golden_quant import Mxfp4, stack_experts

# The reference's own float32 rounding must stay well inside the tolerance.
MAX_REFERENCE_ERROR = gm.TOLERANCE / 3
MIN_EXPERT_MARGIN = 1e-4  # of every choice of experts or groups: see observed_choices
# Noise on a tensor of a routed expert, which few tokens use, and on biases and the like.
LARGE_PERTURBATION = 5e-2
STORED = {"F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}

# How tensors are drawn: the first expression found in the name decides.
# matrix: N(0, gain²/fan_in); norm: 1 ± 0.3·gain; norm_wide: gain · (1 ± 0.3);
# shift: ±(0.1 to 0.5)·gain; select: the same, but it
# acts by exchanging experts alone; select_low: below 0, so that −inf and 0 for what a router masks
# differ; keep: as the model has it; constant: so too, and too small to
# be seen in the logits.
RULES = (
    (r"(q_proj|k_proj)\.bias$", "shift", 1.0),
    (r"\.sinks$", "shift", 6.0),
    (r"(router|\.gate)\.bias$", "shift", 2.0),
    (r"(e_score_correction_bias|expert_bias)$", "select", 0.5),
    (r"\.bias$|_bias$", "shift", 0.4),
    # Sharper attention, so that positions count and the greedy text does not go round in circles.
    (r"(q_norm|k_norm|query_layernorm|key_layernorm)\.weight$", "norm_wide", 1.35),
    (r"(norm\d?|ln_pre)(\.\d+)?\.weight$", "norm", 1.0),
    (r"(embed_tokens|word_embeddings)\.weight$", "embed", 1.0),
    # Clear margins between experts.
    (r"(\.gate|router|\.wg)\.weight$", "matrix", 2.0),
    (r"(q_proj|q_b_proj|k_proj)\.weight$", "matrix", 1.25),
    (r"act_fn\.alpha_[pn]$", "shift", 2.0),
    (r"act_fn\.beta$", "positive", 0.8),
    (r"act_fn\.eps$", "constant", 1.0),
)

# Keys of config.json that no family's logits depend on (max_position_embeddings: see the cases).
INERT = frozenset(
    "rope_type architectures attention_dropout auto_map bos_token_id eos_token_id pad_token_id dtype "
    "torch_dtype initializer_range max_position_embeddings model_type transformers_version "
    "use_cache router_aux_loss_coef output_router_logits quantization_config pretraining_tp "
    "tie_word_embeddings vocab_size".split()
)
# Values of a rope scaling, wherever the family keeps them.
SCALING = frozenset(
    "beta_fast beta_slow extrapolation_factor original_max_position_embeddings "
    "scaling_factor".split()
)
CHOICES = {
    "hidden_act": ("silu", "gelu"),
    "topk_method": ("greedy", "group_limited_greedy"),
}


def text_config(case):
    return case.config[case.text_key] if case.text_key else case.config


class Reference:
    """One built model, of the text part of config.json: transformers' or a torch module."""

    def __init__(self, case, config):
        self.case, self.config = case, config
        if case.module is not None:
            self.model = case.module(copy.deepcopy(config)).to(torch.float32).eval()
            return
        kind = case.reference_type or config["model_type"]
        values = {**copy.deepcopy(config), "model_type": kind}
        values.pop("quantization_config", None)
        self.model = AutoModelForCausalLM.from_config(
            CONFIG_MAPPING[kind].from_dict(values), dtype=torch.float32,
            attn_implementation="eager", experts_implementation="eager",
        ).eval()
        if case.patch:
            case.patch(self.model)

    def stored_names(self):
        if self.case.module is not None:
            return list(self.model.state_dict())
        computed = self.case.computed
        return [
            name for name in gm.stored_names(self.model)
            if not (computed and re.search(computed, name))
        ]

    def parts(self):
        """(name, view of the values, fan-in) of every published tensor; experts one by one."""
        state, out = self.model.state_dict(), []
        for name in self.stored_names():
            tensor = state[name]
            stem, _, leaf = name.rpartition(".")
            if self.case.module is not None or not stem.endswith("experts"):
                out.append((name, tensor, tensor.shape[-1] if tensor.dim() > 1 else 0))
                continue
            owner = self.model.get_submodule(stem)
            for e, values in enumerate(tensor):
                if owner.is_transposed or leaf.endswith("bias"):
                    out.append((f"{stem}.{e}.{leaf}", values, values.shape[0]))
                elif leaf == "gate_up_proj":
                    for half, rows in zip(("gate", "up"), values.chunk(2)):
                        out.append((f"{stem}.{e}.{half}_proj.weight", rows, rows.shape[-1]))
                else:
                    out.append((f"{stem}.{e}.{leaf}.weight", values, values.shape[-1]))
        return out

    @torch.no_grad()
    def whole(self, ids):
        """(logits (n_tokens, vocab), routing (n_moe_layers, n_tokens, top_k) or None)."""
        ids = torch.as_tensor(np.asarray(ids, dtype=np.int64))
        if self.case.module is not None:
            logits = self.model(ids)
            chosen = list(self.model.routing)
        else:
            chosen, hooks = [], []

            def note(module, args, kwargs):
                index = args[1] if len(args) > 1 else kwargs["top_k_index"]
                chosen.append(index.reshape(len(ids), -1))

            for _, module in self.model.named_modules():
                if type(module).__name__.endswith("Experts"):
                    hooks.append(module.register_forward_pre_hook(note, with_kwargs=True))
            logits = self.model(ids[None], use_cache=False).logits[0]
            for hook in hooks:
                hook.remove()
        routing = None
        if chosen:
            routing = torch.stack([c.sort(-1).values for c in chosen]).to(torch.int32).numpy()
        return logits.to(torch.float32).numpy(), routing

    def observed(self, ids):
        """All rows that tensors and config values may move: logits, then those of an MTP layer."""
        logits = self.whole(ids)[0]
        further = getattr(self.model, "mtp_logits", None)
        if further is None:
            return logits
        return np.concatenate([logits, further.to(torch.float32).numpy()])

    def greedy(self, ids):
        """64 greedy tokens and the rows of logits that chose them."""
        if self.case.module is None and self.case.cached:
            return gm.greedy(self.model, ids)
        tokens, rows = [], []
        while len(tokens) < gm.GREEDY_TOKENS:
            rows.append(self.whole(np.concatenate([ids, tokens]).astype(np.int64))[0][-1])
            tokens.append(int(rows[-1].argmax()))
        return np.array(tokens, np.int32), np.stack(rows)


@contextlib.contextmanager
def observed_choices():
    """Margins of every choice that torch.topk makes over a matrix (n_tokens, candidates)."""
    margins = []
    plain, method = torch.topk, torch.Tensor.topk

    def note(scores, k):
        if scores.dim() != 2 or k >= scores.shape[-1]:
            return  # the best two of a group are summed, which is continuous
        sorted_scores = scores.sort(-1, descending=True).values
        last, following = sorted_scores[:, k - 1], sorted_scores[:, k]
        # Probabilities err in proportion to themselves, biased scores and logits to the largest.
        largest = scores.masked_fill(scores.isinf(), 0).abs().max(-1).values
        scale = torch.where((scores < 0).any(-1), largest, last)
        margins.extend(((last - following) / scale).tolist())

    def spy_method(self, k, *args, **kwargs):
        note(self, k)
        return method(self, k, *args, **kwargs)

    def spy_plain(input, k, *args, **kwargs):
        note(input, k)
        return plain(input, k, *args, **kwargs)

    torch.topk, torch.Tensor.topk = spy_plain, spy_method
    try:
        yield margins
    finally:
        torch.topk, torch.Tensor.topk = plain, method


def rule_of(case, name, tensor):
    for pattern, kind, gain in (*case.rules, *RULES):
        if re.search(pattern, name):
            return kind, gain
    if tensor.dim() < 2:
        raise ValueError(f"{case.name}: no rule for tensor {name} {tuple(tensor.shape)}")
    return "matrix", 1.0


def draw(case, name, shape, fan_in, kind, gain, seed):
    rng = np.random.default_rng([seed, zlib.crc32(name.encode())])
    if kind == "norm":
        values = rng.uniform(1 - 0.3 * gain, 1 + 0.3 * gain, shape)
    elif kind == "norm_wide":
        values = gain * rng.uniform(0.7, 1.3, shape)
    elif kind == "norm_plus_one":
        values = rng.uniform(-0.3 * gain, 0.3 * gain, shape)
    elif kind in ("shift", "select"):
        values = gain * rng.uniform(0.1, 0.5, shape) * rng.choice([-1.0, 1.0], shape)
    elif kind == "positive":
        values = gain * rng.uniform(0.2, 1.0, shape)
    elif kind == "select_low":
        values = rng.uniform(-1.0, -0.6, shape)
    elif kind == "embed":
        values = case.embed_std * gain * rng.standard_normal(shape)
    else:
        values = gain * rng.standard_normal(shape) / np.sqrt(fan_in)
    if shape and shape[0] == text_config(case)["vocab_size"]:
        # No end of text among the greedy tokens.
        values[sorted(special_ids(text_config(case)))] *= 0.2
    return np.asarray(values, np.float32)


def stored_dtype(case, name):
    return "F32" if case.float32 and re.search(case.float32, name) else case.dtype


@torch.no_grad()
def randomise(reference, seed):
    """Draws every tensor; returns the packed form of the quantised ones, by published name."""
    case, packed = reference.case, {}
    for name, view, fan_in in reference.parts():
        kind, gain = rule_of(case, name, view)
        if kind not in ("keep", "constant"):
            values = draw(case, name, tuple(view.shape), fan_in, kind, gain, seed)
            view.copy_(gm.round_to(values, stored_dtype(case, name)))
        if case.quant and case.quant.quantises(name):
            group = case.quant.pack(name, view)
            view.copy_(case.quant.unpack(group)[name])
            packed[name] = group
    return packed


@torch.no_grad()
def check_tensors(reference, prompt, logits, seed):
    """The smallest move that noise on one tensor causes; every one must be seen.

    A tensor of a routed expert is judged by the row that it moves most: the others may not use it.
    """
    moves = {}
    for name, view, _ in reference.parts():
        kind, _ = rule_of(reference.case, name, view)
        if kind == "constant":
            continue
        kept = view.clone()
        if kind.startswith("select"):
            view.copy_(kept.roll(1, -1))
        else:
            rng = np.random.default_rng([seed, zlib.crc32(name.encode()), 1])
            shape = tuple(view.shape)
            normal = rng.standard_normal(shape) if view.numel() > 1 else np.ones(shape)
            noise = torch.from_numpy(normal.astype(np.float32))
            large = ".experts." in name or kind in ("shift", "positive", "norm_plus_one")
            size = LARGE_PERTURBATION if large else gm.PERTURBATION
            view += noise * (size * kept.square().mean().sqrt())
        errors = gm.row_errors(reference.observed(prompt), logits)
        moves[name] = errors.max() if ".experts." in name else errors.mean()
        view.copy_(kept)
        if moves[name] < gm.MIN_MOVE:
            break
    return gm.require_moves(moves, "noise on tensor")


def config_changes(config, inert, path=""):
    """(label, changed configs, one of which must move the logits) of all that may reach them."""

    def changed(edit):
        other = copy.deepcopy(config)
        edit(other)
        return other

    for key, value in config.items():
        full = f"{path}{key}"
        if key in INERT or full in inert or value is None:
            continue
        if isinstance(value, dict):
            for inner, others in config_changes(value, inert, f"{full}."):
                yield inner, [{**config, key: other} for other in others]
            yield f"{full} null", [{**config, key: None}]
            continue
        if isinstance(value, list):
            for i, entry in enumerate(value):
                kinds = sorted(set(value) - {entry})
                others = kinds[:1] if isinstance(entry, str) else [entry + 1]
                if isinstance(entry, str) and not kinds:
                    others = [{"full_attention": "sliding_attention"}.get(entry, "full_attention")]
                for other in others:
                    label = f"{full}[{i}] {other}"
                    yield label, [changed(lambda c: c[key].__setitem__(i, other))]
            continue
        if isinstance(value, bool):
            others = [not value]
        elif isinstance(value, str):
            if key not in CHOICES:
                raise ValueError(f"config key {full}: neither inert nor with known choices")
            others = [choice for choice in CHOICES[key] if choice != value]
        elif key.endswith(("eps", "epsilon")):
            others = [1e-6 if value == 1e-5 else 1e-5]
        elif key == "partial_rotary_factor":
            others = [1.0 if value != 1.0 else 0.5]
        elif (path or key in SCALING) and key != "rope_theta":
            # Floors in the rope scaling hide small changes, limits some large ones.
            near = [value * 2, value / 2]
            yield f"{full} · 2 or / 2", [{**config, key: other} for other in near]
            continue
        elif isinstance(value, float) or key == "rope_theta":
            others = [value * 1.1 if value else 0.1]
        else:
            others = [n for n in (value + 1, value - 1) if n >= 0]
        for other in others:
            yield f"{full} {other}", [{**config, key: other}]


def check_config(reference, prompt, logits):
    moves, ignored = {}, []
    state = reference.model.state_dict()
    for label, configs in config_changes(reference.config, reference.case.inert):
        found = []
        for config in configs:
            try:
                other = Reference(reference.case, config)
                other.model.load_state_dict(state)
                found.append(gm.row_errors(other.observed(prompt), logits).mean())
            except Exception:  # the change does not go with the tensors: it cannot pass unseen
                found.append(np.inf)
        moves[label] = max(found)
        if moves[label] == 0:
            ignored.append(label)
    if ignored:
        raise ValueError(f"{reference.case.name}: the reference ignores {ignored}")
    return gm.require_moves(moves, "config change")


def float64_error(reference, prompt, logits):
    """How far the same modules in float64 (where they allow it) are from the float32 result."""
    double = copy.deepcopy(reference)
    double.model.double()
    try:
        found = double.observed(prompt)
    except RuntimeError:
        return None
    return gm.row_errors(found, logits).max()


def require_close(case, what, error):
    if error > 30 * MAX_REFERENCE_ERROR:
        raise ValueError(f"{case.name}: {what} differ by {error:.1e}")
    if error > MAX_REFERENCE_ERROR:
        raise gm.Rejected(f"{what} differ by {error:.1e}")


def golden_of(reference, seed):
    """Tensors and figures of a golden that meets every condition; gm.Rejected otherwise."""
    case = reference.case
    special = special_ids(text_config(case))
    prompt = random_prompt(text_config(case), special, case.prompt, seed)
    logits, routing = reference.whole(prompt)
    tokens, rows = reference.greedy(prompt)
    distinct = len(set(tokens.tolist()))
    if distinct < gm.MIN_DISTINCT:
        raise gm.Rejected(f"{distinct} distinct greedy tokens")
    if special & set(tokens.tolist()):
        raise gm.Rejected("a special token in the greedy text")
    margin = gm.margins(rows).min()
    if margin < gm.MIN_MARGIN:
        raise gm.Rejected(f"top-1 margin {margin:.1e}")
    with observed_choices() as choices:
        whole = reference.whole(np.concatenate([prompt, tokens[:-1]]))[0]
    if (routing is not None) != bool(choices):
        raise ValueError(f"{case.name}: routing without choices of torch.topk, or the reverse")
    if choices and min(choices) < MIN_EXPERT_MARGIN:
        raise gm.Rejected(f"expert margin {min(choices):.1e}")
    cache_error = gm.row_errors(np.concatenate([logits, rows[1:]]), whole).max()
    require_close(case, "cached and whole passes", cache_error)
    observed = reference.observed(prompt)
    error64 = float64_error(reference, prompt, observed)
    if error64 is not None:
        require_close(case, "float32 and float64", error64)
    tensor, tensor_move = check_tensors(reference, prompt, observed, seed)
    change, change_move = check_config(reference, prompt, observed)
    source = (
        f"transformers {transformers.__version__}, torch {torch.__version__}, float32, CPU, eager "
        "attention" if case.module is None
        else f"{case.module.__module__}.{case.module.__name__} ({case.source}), "
        f"torch {torch.__version__}, float32, CPU"
    )
    figures = {
        "reference": source + (f"; patched: {case.patched}" if case.patched else ""),
        "forward": "whole prompt",
        "seed": str(seed),
        "tolerance": f"{gm.TOLERANCE:.0e}",
        "greedy_distinct": str(distinct),
        "greedy_min_margin": f"{margin:.2e}",
        "smallest_tensor_move": f"{tensor_move:.2e} ({tensor})",
        "smallest_config_move": f"{change_move:.2e} ({change})",
    }
    if case.module is None and case.cached:
        figures["cached_against_whole"] = f"{cache_error:.1e}"
    golden = {"input_ids": prompt, "logits": logits, "greedy_ids": tokens}
    if routing is not None:
        golden["routing"] = routing
        figures["expert_min_margin"] = f"{min(choices):.2e}"
    if len(observed) > len(logits):
        golden["mtp_logits"] = observed[len(logits) :]
    if error64 is not None:
        figures["float64_against_float32"] = f"{error64:.1e}"
    return golden, figures


def special_ids(config):
    ids = set()
    for key in ("bos_token_id", "eos_token_id", "pad_token_id"):
        value = config.get(key)
        ids.update(value if isinstance(value, list) else [] if value is None else [value])
    return ids


def random_prompt(config, special, length, seed):
    rng = np.random.default_rng([seed, zlib.crc32(b"prompt")])
    allowed = [i for i in range(config["vocab_size"]) if i not in special]
    return rng.choice(allowed, length).astype(np.int32)


def natural(name):
    return [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", name)]


def extra_shapes(case, tensors):
    if not case.extra:
        return {}
    prefix = f"model.layers.{text_config(case)['num_hidden_layers'] - 1}."
    layer = {
        name.removeprefix(prefix): tuple(t.shape)
        for name, t in tensors.items() if name.startswith(prefix)
    }
    return case.extra(case.config, layer)


def block_sparse(name):
    """The name that Mixtral and its descendants publish for a tensor of an expert."""
    kinds = {"gate": "w1", "down": "w2", "up": "w3"}
    return re.sub(
        r"\.mlp\.experts\.(\d+)\.(gate|down|up)_proj\.",
        lambda m: f".block_sparse_moe.experts.{m[1]}.{kinds[m[2]]}.", name,
    )


def disk_tensors(reference, packed, seed):
    """The published tensors in their stored types."""
    case = reference.case
    state = reference.model.state_dict()
    state = {name: state[name] for name in reference.stored_names()}
    if case.module is None:
        state = revert_weight_conversion(reference.model, state)
    if text_config(case)["model_type"] in ("mixtral", "minimax", "minimax_m2"):
        packed = {
            block_sparse(name): {block_sparse(key): t for key, t in group.items()}
            for name, group in packed.items()
        }
    if isinstance(case.quant, Mxfp4):
        groups = stack_experts({k: t for group in packed.values() for k, t in group.items()})
        packed = {name.removesuffix("_blocks"): {} for name in groups if name.endswith("_blocks")}
    else:
        groups = {k: t for group in packed.values() for k, t in group.items()}
    shapes = extra_shapes(case, state)
    state = {name: tensor for name, tensor in state.items() if name not in packed}
    if case.to_disk:
        state, groups = (case.to_disk(tensors, case.config) for tensors in (state, groups))
    for name, shape in shapes.items():
        if name.endswith(("embed_tokens.weight", "shared_head.head.weight")):
            own = "lm_head.weight" if name.endswith("head.weight") else "model.embed_tokens.weight"
            state[name] = state[own]
            continue
        kind, gain = rule_of(case, name, torch.empty(shape))
        values = torch.from_numpy(draw(case, name, shape, shape[-1], kind, gain, seed))
        if case.quant and case.quant.quantises(name):
            groups |= case.quant.pack(name, values)
        else:
            state[name] = values
    state = {name: t.to(STORED[stored_dtype(case, name)]) for name, t in state.items()} | groups
    return {name: state[name].contiguous().clone() for name in sorted(state, key=natural)}


def write_tensors(case, folder, tensors):
    """One file, several with an index, or the makers' own set of files."""
    shards = case.shards
    if case.files:
        for file, part in case.files(tensors).items():
            save_file(part, folder / file, metadata={"format": "pt"})
        return
    if shards == 1:
        save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
        return
    total = sum(t.nbytes for t in tensors.values())
    files, size = [{} for _ in range(shards)], 0
    for name, tensor in tensors.items():
        files[min(size * shards // total, shards - 1)][name] = tensor
        size += tensor.nbytes
    index = {}
    for i, part in enumerate(files):
        file = f"model-{i + 1:05d}-of-{shards:05d}.safetensors"
        save_file(part, folder / file, metadata={"format": "pt"})
        index.update({name: file for name in part})
    write_json(
        folder / "model.safetensors.index.json",
        {"metadata": {"total_size": total}, "weight_map": index},
    )


def read_tensors(case, folder):
    files = {}
    for path in sorted(folder.glob("*model*.safetensors")):
        with safe_open(path, "pt") as f:
            files[path.name] = {name: f.get_tensor(name) for name in f.keys()}
    if case.join_files:
        return case.join_files(files)
    return {name: tensor for part in files.values() for name, tensor in part.items()}


def write_json(path, value):
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def loaded(case, folder):
    """A reference that has read the written files."""
    config = json.loads((folder / "config.json").read_text())
    tensors = read_tensors(case, folder)
    if case.quant:
        tensors = case.quant.unpack(tensors)
    tensors = {name: t.to(torch.float32) for name, t in tensors.items()}
    for name in extra_shapes(case, tensors):
        del tensors[name]
    if case.from_disk:
        tensors = case.from_disk(tensors, config)
    reference = Reference(case, config[case.text_key] if case.text_key else config)
    if case.module is not None:
        reference.model.load_state_dict(tensors)
        return reference
    if case.computed:
        state = reference.model.state_dict()
        tensors |= {name: t for name, t in state.items() if re.search(case.computed, name)}
    model, info = type(reference.model).from_pretrained(
        None, config=reference.model.config, state_dict=tensors, dtype=torch.float32,
        attn_implementation="eager", experts_implementation="eager", output_loading_info=True,
    )
    wrong = [key for key, names in info.items() if names]
    if wrong:
        raise ValueError(f"{case.name}: transformers reports {wrong}: {info}")
    reference.model = model.eval()
    if case.patch:
        case.patch(reference.model)
    return reference


def write_case(case, reference, packed, seed, folder):
    folder.mkdir()
    write_json(folder / "config.json", case.config)
    if case.generation:
        write_json(folder / "generation_config.json", case.generation)
    write_tensors(case, folder, disk_tensors(reference, packed, seed))
    for path in folder.iterdir():
        path.chmod(0o644)


def write_gguf(case, reference, folder, path):
    """The published weights in float32, less what llama.cpp's converter leaves out."""
    tensors = {name: t.to(torch.float32) for name, t in read_tensors(case, folder).items()}
    if text_config(case)["model_type"] != "glm4_moe":  # whose MTP layer goes along
        for name in extra_shapes(case, tensors):
            del tensors[name]
    gguf_family.write(path, text_config(case), reference.model.config, tensors)


def try_family_case(case, seed, out):
    """Golden tensors and figures, after the checkpoint is written and read back."""
    reference = Reference(case, text_config(case))
    packed = randomise(reference, seed)
    golden, figures = golden_of(reference, seed)
    folder = out / case.name
    write_case(case, reference, packed, seed, folder)
    # What counts is what the reference reads back from the published files.
    again, routing = loaded(case, folder).whole(golden["input_ids"])
    if not np.array_equal(again, golden["logits"]):
        raise ValueError(f"{case.name}: the saved files do not give the model's own logits")
    if routing is not None and not np.array_equal(routing, golden["routing"]):
        raise ValueError(f"{case.name}: the saved files choose other experts")
    if case.gguf and not case.quant:
        path = out / f"{case.name}.gguf"
        write_gguf(case, reference, folder, path)
        found = gguf_family_oracle.logits_from_gguf(path, golden["input_ids"])
        error = gm.row_errors(found, golden["logits"]).max()
        require_close(case, "transformers and the pass over the GGUF", error)
        figures["independent_pass"] = f"{error:.1e}"
    return golden, figures
