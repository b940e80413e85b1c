"""Families that transformers does not hold, or not as published, as plain torch modules.

Each is written from the makers' published code, whole pass, no cache, no padding:
Model(config.json as a dict); forward(input_ids (T)) → logits (T, vocab); `routing`, one
(T, top_k) tensor per MoE layer; state_dict with the tensor names on disk. They run in the type of
their parameters, rotary angles included, so that float64 tells how exact float32 is.
"""
