"""Random weights, reference passes and the conditions that make a golden able to fail."""

import copy
import zlib

import numpy as np
import torch
from transformers import AutoConfig, AutoModelForCausalLM

TOLERANCE = 1e-5  # relative error of a row of logits that an implementation is allowed
MIN_MOVE = 100 * TOLERANCE  # what a small change of any one tensor or config value must do
MIN_MARGIN = 1e-4  # (top-1 − top-2) / ‖row‖ at every greedy step
MIN_DISTINCT = 16
GREEDY_TOKENS = 64
PERTURBATION = 1e-2  # relative size of the noise added to one tensor


class Rejected(Exception):
    """This seed gives no usable golden."""


def make_config(model_type, values):
    return AutoConfig.for_model(model_type, **copy.deepcopy(values))


def make_model(config):
    model = AutoModelForCausalLM.from_config(
        copy.deepcopy(config), dtype=torch.float32, attn_implementation="eager"
    )
    return model.eval()


def round_to(array, dtype):
    """Values that the stored type holds exactly, as float32."""
    kind = {"F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}[dtype]
    return torch.from_numpy(array).to(kind).to(torch.float32)


def random_tensor(name, shape, seed, embed_std, qk_gain):
    # One stream per tensor, so that no tensor depends on the others or on their order.
    rng = np.random.default_rng([seed, zlib.crc32(name.encode())])
    if name.endswith("norm.weight"):
        return rng.uniform(0.7, 1.3, shape).astype(np.float32)
    if name.endswith(".bias"):
        # Those of q and k are far larger than the rest in published Qwen2 models too.
        gain = 4.0 if name.endswith(("q_proj.bias", "k_proj.bias")) else 1.0
        signs = rng.choice([-1.0, 1.0], shape)
        return (gain * rng.uniform(0.1, 0.5, shape) * signs).astype(np.float32)
    if name.endswith("embed_tokens.weight"):
        return (embed_std * rng.standard_normal(shape)).astype(np.float32)
    if len(shape) >= 2:
        gain = qk_gain if name.endswith(("q_proj.weight", "k_proj.weight")) else 1.0
        return (gain * rng.standard_normal(shape) / np.sqrt(shape[-1])).astype(np.float32)
    raise ValueError(f"no rule for tensor {name} of shape {tuple(shape)}")


def stored_names(model):
    """Names that a checkpoint stores: the state without the second name of tied tensors."""
    tied = set(model.all_tied_weights_keys) if model.config.tie_word_embeddings else set()
    return [name for name in model.state_dict() if name not in tied]


def randomise(model, case, seed, dtype):
    state = model.state_dict()
    with torch.no_grad():
        for name in stored_names(model):
            values = random_tensor(name, state[name].shape, seed, case.embed_std, case.qk_gain)
            state[name].copy_(round_to(values, dtype))


def random_prompt(config, length, seed):
    rng = np.random.default_rng([seed, zlib.crc32(b"prompt")])
    special = special_ids(config)
    allowed = [i for i in range(config.vocab_size) if i not in special]
    return rng.choice(allowed, length).astype(np.int32)


def special_ids(config):
    eos = config.eos_token_id
    return {config.bos_token_id, *(eos if isinstance(eos, list) else [eos])}


@torch.no_grad()
def logits_of(model, ids, stepwise=False):
    """(n_tokens, vocab) float32. Stepwise: one token at a time, from an empty cache."""
    ids = torch.as_tensor(np.asarray(ids, dtype=np.int64))[None]
    if not stepwise:
        return model(ids, use_cache=False).logits[0].numpy()
    cache, rows = None, []
    for i in range(ids.shape[1]):
        out = model(ids[:, i : i + 1], past_key_values=cache, use_cache=True)
        cache = out.past_key_values
        rows.append(out.logits[0, 0])
    return torch.stack(rows).numpy()


@torch.no_grad()
def greedy(model, ids, stepwise=False):
    """64 greedy tokens with the KV cache, and the logits that chose each."""
    ids = torch.as_tensor(np.asarray(ids, dtype=np.int64))[None]
    chunks = ids.split(1, dim=1) if stepwise else [ids]
    cache = None
    for chunk in chunks:
        out = model(chunk, past_key_values=cache, use_cache=True)
        cache = out.past_key_values
    tokens, rows = [], []
    while True:
        row = out.logits[0, -1]
        rows.append(row.numpy())
        tokens.append(int(row.argmax()))
        if len(tokens) == GREEDY_TOKENS:
            return np.array(tokens, np.int32), np.stack(rows)
        out = model(torch.tensor([[tokens[-1]]]), past_key_values=cache, use_cache=True)
        cache = out.past_key_values


def row_errors(found, expected):
    expected = expected.astype(np.float64)
    delta = np.linalg.norm(found.astype(np.float64) - expected, axis=-1)
    return delta / np.linalg.norm(expected, axis=-1)


def margins(rows):
    """(top-1 − top-2) / ‖row‖ of each row."""
    top = np.sort(rows, axis=-1)[:, -2:]
    return (top[:, 1] - top[:, 0]) / np.linalg.norm(rows, axis=-1)


def check_greedy(config, tokens, rows):
    distinct = len(set(tokens.tolist()))
    if distinct < MIN_DISTINCT:
        raise Rejected(f"{distinct} distinct greedy tokens")
    if special_ids(config) & set(tokens.tolist()):
        raise Rejected("a special token in the greedy text")
    margin = margins(rows).min()
    if margin < MIN_MARGIN:
        raise Rejected(f"top-1 margin {margin:.1e}")
    return distinct, margin


@torch.no_grad()
def check_tensors(model, prompt, logits, seed, stepwise):
    """Smallest mean row move that noise on one tensor causes; every one must be seen."""
    state, moves = model.state_dict(), {}
    for name in stored_names(model):
        tensor = state[name]
        kept = tensor.clone()
        rng = np.random.default_rng([seed, zlib.crc32(name.encode()), 1])
        noise = torch.from_numpy(rng.standard_normal(tuple(tensor.shape)).astype(np.float32))
        tensor += noise * (PERTURBATION * kept.square().mean().sqrt())
        moves[name] = row_errors(logits_of(model, prompt, stepwise), logits).mean()
        tensor.copy_(kept)
    return require_moves(moves, "noise on tensor")


def config_changes(config):
    """(label, config) pairs, each one a plausible misreading of one config value."""

    def changed(label, edit):
        other = copy.deepcopy(config)
        edit(other)
        return label, other

    def set_rope(**values):
        return lambda c: c.rope_parameters.update(values)

    def set_values(**values):
        return lambda c: c.__dict__.update(values)

    eps = 1e-6 if config.rms_norm_eps == 1e-5 else 1e-5  # the two that are published
    yield changed(f"rms_norm_eps {eps}", set_values(rms_norm_eps=eps))
    rope = config.rope_parameters
    yield changed("rope_theta · 1.1", set_rope(rope_theta=rope["rope_theta"] * 1.1))
    if rope["rope_type"] != "default":
        yield changed("no rope scaling", set_rope(rope_type="default"))
        for key in sorted(set(rope) - {"rope_type", "rope_theta"}):
            yield changed(f"{key} · 2", set_rope(**{key: rope[key] * 2}))
    window = getattr(config, "sliding_window", None)
    if window:
        for other in (window - 1, window + 1):
            yield changed(f"sliding_window {other}", set_values(sliding_window=other))
        types = getattr(config, "layer_types", None)
        if types is None:
            yield changed("no sliding_window", set_values(sliding_window=None))
        for i in range(len(types or [])):
            flipped = list(types)
            full = flipped[i] == "full_attention"
            flipped[i] = "sliding_attention" if full else "full_attention"
            yield changed(f"layer {i} {flipped[i]}", set_values(layer_types=flipped))


def check_config(model, prompt, logits, stepwise):
    moves = {}
    for label, config in config_changes(model.config):
        other = make_model(config)
        other.load_state_dict(model.state_dict())
        moves[label] = row_errors(logits_of(other, prompt, stepwise), logits).mean()
    return require_moves(moves, "config change")


def require_moves(moves, what):
    label = min(moves, key=moves.get)
    if moves[label] < MIN_MOVE:
        raise Rejected(f"{what} {label} moves the logits by {moves[label]:.1e} only")
    return label, moves[label]
