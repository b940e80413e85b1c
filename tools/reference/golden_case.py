"""What a case of the families is: one published config.json and how its weights are drawn."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class FamilyCase:
    name: str
    family: str
    covers: str
    config: dict[str, Any]  # config.json whole, as the family's makers publish it
    prompt: int  # tokens
    # The reference: None for transformers' own model of `model_type` (or of `reference_type`), else
    # a torch module; README.md says what it must offer.
    module: type | None = None
    reference_type: str | None = None
    source: str = ""  # module: which published code it follows
    dtype: str = "BF16"  # of the stored tensors
    float32: str = ""  # regular expression: names that are stored in F32 all the same
    shards: int = 1
    embed_std: float = 0.05
    # (regular expression of the name, kind, gain), before the rules of golden_family.
    rules: tuple[tuple[str, str, float], ...] = ()
    # config.json keys that do not reach the result (dotted inside dicts). A key outside this set
    # and golden_family's must move the logits when changed.
    inert: frozenset[str] = frozenset()
    text_key: str | None = None  # config.json key that holds the text model, in multimodal files
    computed: str = ""  # regular expression: state that is computed, not stored
    # Changes of a built transformers model where the release is wrong; `patched` says which.
    patch: Callable[[Any], None] | None = None
    patched: str = ""
    cached: bool = True  # greedy tokens with the reference's cache; else whole passes
    # Hugging Face state to the published names, and back to what the reference loads.
    to_disk: Callable[[dict, dict], dict] | None = None
    from_disk: Callable[[dict, dict], dict] | None = None
    # Where the makers' files are not one or numbered ones: tensors to {file: {name: tensor}}, and
    # back.
    files: Callable[[dict], dict] | None = None
    join_files: Callable[[dict], dict] | None = None
    quant: Any = None  # a form of golden_quant.py; the reference has the values that it holds
    # Tensors on disk that the logits do not depend on: (config, {name in the last layer: shape}) →
    # {name: shape}. Those of MTP layers, whose embedding and head repeat the model's own.
    extra: Callable[[dict, dict], dict] | None = None
    seed: int = 1
    generation: dict[str, Any] = field(default_factory=dict)
