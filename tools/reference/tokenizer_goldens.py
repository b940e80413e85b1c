#!/usr/bin/env python3
"""Makes tests/data/tokenizer: tiny tokenizers, and what the reference libraries do with them.

The libraries are those of requirements-tokenizer.txt. The texts are seeded; the trainers of
`tokenizers` break ties at random, so running this again gives other tokenizers, equally good.

  component cases  normalizer_cases.jsonl, pre_tokenizer_cases.jsonl, split_cases.jsonl,
                   decoder_cases.jsonl: one configuration and one text each, and the result
  tokenizers       <name>.json, .model, .tiktoken, .gguf with <name>.cases.jsonl:
                   {"text", "ids", "ids_special": with add_special, "decoded"}
"""

import base64
import json
import pathlib
import random
import tempfile

import gguf
import sentencepiece
import tiktoken
from tokenizers import (AddedToken, Regex, Tokenizer, decoders, models, normalizers,
                        pre_tokenizers, processors, trainers)

OUT = pathlib.Path(__file__).resolve().parents[2] / "tests" / "data" / "tokenizer"

CORPUS = """The quick brown fox jumps over the lazy dog. She said: "I'll be there at 10:30, won't I?"
Once upon a time there was a little girl named Lily, and she loved the red ball in the park.
def add(a, b):\n    return a + b  # 12345 + 67890\nfor (int i = 0; i < 100; ++i) { x[i] += 2; }
Le petit garçon mangeait des crêpes à l'école; où était-il allé ? Ça va très bien, merci.
Die Größe der Straße über den Fluß. El niño comió piñas. Příliš žluťoučký kůň úpěl ďábelské ódy.
Быстрая коричневая лиса прыгает через ленивую собаку. Η γρήγορη καφέ αλεπού.
今天天气很好，我们去公园玩吧。日本語のテキストです。カタカナ。한국어 텍스트입니다.
the the the and and of to in is it that was for on are as with his they I at be this have from"""

POOL = [
    "Hello", " world", " the", "ing", "I'm", "we'LL", "it's", "DON'T", "x", " X", "aB", "ÀÉ", "éà",
    "e\u0301", "a\u0308\u0323", "Å", "\u212b", "ﬁ", "½", "²", "Ⅷ", "٣", "１２", "1", "12", "123",
    "1234567", " 42", "3.14", " ", "  ", "   ", "\t", "\n", "\r\n", "\n\n", " \n ", "\u00a0",
    "\u2003", "\u3000", "\u0085", "\u180e", "\u200b", "\u200d", ".", ",", "!", "?!", "...", "--",
    "$", "+=", "<|x|>", "(", ")", "[]", "{}", "\"", "'", "`", "~", "@", "#", "_", "a_b", "/", "\\",
    "今天", "天气", "，", "。", "日本語", "カタカナ", "ー", "한국어", "각", "\u1112\u1161\u11ab",
    "ไทย", "नमस्ते", "العربية", "עברית", "Ελλάδα", "ὕ", "Ω", "Привет", "ǅ", "ʰ", "ß", "ſ", "İ", "ı",
    "😀", "👨‍👩‍👧", "🇫🇷", "❤️", "▁", "▁▁", "▁a", "\u0000", "\u0007", "\u007f", "\ufeff", "\ufffd",
    "the the", "school", "École", "Straße", "Fluß", "K", "™", "№", "€", "\U0001d54f", "𐐀",
]


def texts(seed, count, longest=9):
    rng = random.Random(seed)
    fixed = ["", " ", "a", "Hello world", " Hello  world ", "Hello, world! 123 456", CORPUS[:200]]
    return fixed + ["".join(rng.choice(POOL) for _ in range(rng.randint(1, longest)))
                    for _ in range(count)]


def write_jsonl(name, rows):
    with open(OUT / name, "w", encoding="utf-8") as f:
        for row in rows:
            f.write(json.dumps(row, ensure_ascii=False) + "\n")


def config(component):
    """The JSON of a component, as it stands in a tokenizer.json."""
    return json.loads(component.__getstate__())


# --- components -------------------------------------------------------------------------------

def small_charsmap():
    """A precompiled_charsmap with a handful of rules, made by sentencepiece itself."""
    rules = {"\t": " ", "\n": " ", "\u3000": " ", "ﬁ": "fi", "½": "1/2", "Å": "å", "e\u0301": "é",
             "ｱ": "ア", "①": "1", "A": "a", "B": "b", "ß": "ss", "\u200b": "", "가": "ga",
             "の": "no", "…": "..."}
    return rules


def train_sentencepiece(stem, **options):
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        (folder / "corpus.txt").write_text((CORPUS + "\n") * 3, encoding="utf-8")
        with open(folder / "rules.tsv", "w", encoding="utf-8") as f:
            for source, target in small_charsmap().items():
                row = [" ".join(f"{ord(c):X}" for c in part) for part in (source, target)]
                f.write("\t".join(row) + "\n")
        if options.pop("rules", False):
            options["normalization_rule_tsv"] = str(folder / "rules.tsv")
        sentencepiece.SentencePieceTrainer.train(
            input=str(folder / "corpus.txt"), model_prefix=str(folder / "m"), num_threads=1,
            minloglevel=2, hard_vocab_limit=False, character_coverage=1.0, **options)
        data = (folder / "m.model").read_bytes()
    if stem:
        (OUT / f"{stem}.model").write_bytes(data)
    return data


def charsmap():
    from sentencepiece import sentencepiece_model_pb2 as pb
    proto = pb.ModelProto()
    proto.ParseFromString(train_sentencepiece("", model_type="unigram", vocab_size=240, rules=True))
    return proto.normalizer_spec.precompiled_charsmap


def normalizer_cases():
    n = normalizers
    rows = []
    precompiled = n.Precompiled(charsmap())
    for item in [
            n.NFC(), n.NFD(), n.NFKC(), n.NFKD(), n.Lowercase(), n.StripAccents(), n.Nmt(),
            n.Strip(left=True, right=False), n.Strip(left=False, right=True), n.Strip(),
            n.Replace(" ", "▁"), n.Replace(Regex(r"\s{2,}|[\n\r\t]"), " "),
            n.Replace(Regex(" {2,}"), "▁"), n.Replace(Regex(r"^\s+"), ""), n.Prepend("▁"),
            n.BertNormalizer(), n.BertNormalizer(lowercase=False),
            n.BertNormalizer(strip_accents=False, handle_chinese_chars=False),
            n.BertNormalizer(clean_text=False, strip_accents=True, lowercase=False),
            n.ByteLevel(), precompiled, n.Sequence([]),
            n.Sequence([n.NFD(), n.StripAccents(), n.Lowercase()]),
            n.Sequence([n.Prepend("▁"), n.Replace(" ", "▁")]),
            n.Sequence([n.Nmt(), n.NFKC(), n.Replace(Regex(" {2,}"), " "), n.Strip()]),
            n.Sequence([precompiled, n.Strip(left=False, right=True), n.Replace(Regex(" {2,}"), "▁")]),
    ]:
        for text in texts(len(rows), 12):
            rows.append({"normalizer": config(item), "text": text, "out": item.normalize_str(text)})
    # Marks in every order, which the forms must sort.
    rng = random.Random(7)
    marks = "\u0301\u0323\u0308\u0327\u0345\u05b0\u3099\u0334\u031b"
    for item in [n.NFC(), n.NFD(), n.NFKC(), n.NFKD()]:
        for _ in range(20):
            text = "".join(rng.choice(["a", "e", "U", "か", "ᄒ", "ᅡ", "ᆫ", "한", "ﷺ", "Ω", "ô", "ṩ"]) +
                           "".join(rng.choice(marks) for _ in range(rng.randint(0, 4)))
                           for _ in range(rng.randint(1, 4)))
            rows.append({"normalizer": config(item), "text": text, "out": item.normalize_str(text)})
    write_jsonl("normalizer_cases.jsonl", rows)


def pieces(item, text):
    # No steps give an empty text one empty piece, which no model does anything with.
    return [piece for piece, _ in item.pre_tokenize_str(text) if piece]


def pre_tokenizer_cases():
    p = pre_tokenizers
    rows = []
    behaviors = ["removed", "isolated", "merged_with_previous", "merged_with_next", "contiguous"]
    items = [
        p.ByteLevel(add_prefix_space=True), p.ByteLevel(add_prefix_space=False),
        p.ByteLevel(add_prefix_space=False, use_regex=False),
        p.Digits(individual_digits=True), p.Digits(individual_digits=False),
        p.Whitespace(), p.WhitespaceSplit(), p.BertPreTokenizer(),
        p.Metaspace(), p.Metaspace(prepend_scheme="first"), p.Metaspace(prepend_scheme="never"),
        p.Metaspace(replacement="_", prepend_scheme="first", split=False),
        p.Sequence([]),
        p.Sequence([p.Punctuation("contiguous"), p.ByteLevel(add_prefix_space=False),
                    p.Digits(individual_digits=False), p.Split(Regex("[0-9][0-9][0-9]"), "isolated")]),
        p.Sequence([p.Digits(individual_digits=True), p.ByteLevel(add_prefix_space=False)]),
        p.Sequence([p.WhitespaceSplit(), p.Metaspace(prepend_scheme="first")]),
        p.Sequence([p.Whitespace(), p.ByteLevel(add_prefix_space=True)]),
    ]
    for behavior in behaviors:
        items += [p.Punctuation(behavior), p.Split(" ", behavior),
                  p.Split(Regex(r"\p{L}+"), behavior), p.Split(Regex(r"\d|\s+"), behavior, invert=True),
                  p.Split(Regex(r"x*"), behavior)]
    for item in items:
        for text in texts(len(rows), 8):
            rows.append({"pre_tokenizer": config(item), "text": text, "pieces": pieces(item, text)})
    write_jsonl("pre_tokenizer_cases.jsonl", rows)


# Patterns of published checkpoints, written down from their files; and corners of the dialect.
PATTERNS = [
    r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+",
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+",
    r"[\p{Han}]+|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]*[\p{Ll}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]+[\p{Ll}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
    r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+",
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1}| ?[^\s\p{L}\p{N}" "\r\n" r"]+|\s*[" "\r\n" r"]+|\s+(?!\S)|\s+",
    r"""[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+""",
    r"\d{1,3}(?=(?:\d{3})*\b)", r"(?=(\d{3})+(?!\d))", r" ?[^(\s|.,!?…。，、।۔،)]+",
    "[一-龥぀-ゟ゠-ヿ]+", r"\s?\p{P}+", r"[^\n]+|[\n]+",
    r"\s+$", r"^\s+", r"\w+", r"\W+", r"\bx?", r"\B.", r"\h+", r"\d+", r"[\w-]+", r"[^\W_]+",
    r"[a-z&&[^aeiou]]+", r"[^a-z&&[^aeiou]]", r"[\p{L}&&\p{Lu}]+", r"[a[bc]x]+", r"[[:punct:]]+",
    r"[[:alpha:][:digit:]]+", r"[^[:space:]]+", r"\d{1,2}+", r"(?:ab?){1,2}+", r"a{,2}x?",
    r"(?m)e.", r"(?mi:E.)", r"\u0041|\x{e9}", r"\p{^L}+", r"\P{L}+", r"\p{Letter}+", r"\p{Punct}",
    r"\p{Alpha}+", r"\p{Word}+", r"[]a]", r"[\S&&[^a-z]]+", r"(?<=[a-z])\d", r"(?<!\s)!", r"\R",
    r"(?i)HELLO", r"(?i)k", r"[\u4e00-\u9fff]+", r"\p{Han}+|\p{Hiragana}+|\p{Katakana}+",
]


def split_cases():
    rows = []
    for pattern in PATTERNS:
        item = pre_tokenizers.Split(Regex(pattern), "isolated")
        for text in texts(len(rows) + 1, 12, longest=14):
            rows.append({"pattern": pattern, "text": text, "pieces": pieces(item, text)})
    write_jsonl("split_cases.jsonl", rows)


def decoder_cases():
    d = decoders
    words = ["Hello", "▁the", "▁▁x", "Ġworld", "Ã©", "Ġ", "Ċ", "##ing", "##s", ".", ",", "!", "n't",
             "'s", "<0xE4>", "<0xBD>", "<0xA0>", "<0x41>", "<0x20>", "<0xFF>", "<s>", "a b", "日本",
             "▁", "do", "not", " x"]
    rng = random.Random(3)
    rows = []
    for item in [None, d.ByteLevel(), d.WordPiece(), d.WordPiece(prefix="##", cleanup=False),
                 d.Metaspace(), d.Metaspace(prepend_scheme="never"),
                 d.Sequence([d.Replace("▁", " "), d.ByteFallback(), d.Fuse(), d.Strip(" ", 1, 0)]),
                 d.Sequence([d.Replace("▁", " "), d.ByteFallback(), d.Fuse()]),
                 d.Sequence([d.Replace(Regex("▁+"), "_"), d.Strip("_", 2, 0)]),
                 d.Sequence([d.ByteLevel(), d.Strip(" ", 2, 0)])]:
        for _ in range(40):
            tokens = [rng.choice(words) for _ in range(rng.randint(1, 7))]
            # A broken run of bytes is one string of marks to the reference, and to us only its
            # broken part is; such rows show nothing. Bytes come as whole characters here.
            tokens = [t for t in tokens if not t.startswith("<0x")]
            if rng.random() < 0.5:
                at = rng.randint(0, len(tokens))
                tokens[at:at] = ["<0xE4>", "<0xBD>", "<0xA0>"] if rng.random() < 0.7 else ["<0x41>"]
            tokens = tokens or ["Hello"]
            text = " ".join(tokens) if item is None else item.decode(tokens)
            rows.append({"decoder": None if item is None else config(item), "tokens": tokens,
                         "text": text})
    write_jsonl("decoder_cases.jsonl", rows)


# --- whole tokenizers -------------------------------------------------------------------------

def hf_cases(tokenizer, seed, extra=(), count=40):
    rows = []
    for text in list(extra) + texts(seed, count):
        ids = tokenizer.encode(text, add_special_tokens=False).ids
        row = {"text": text, "ids": ids,
               "ids_special": tokenizer.encode(text, add_special_tokens=True).ids}
        tokenizer.encode_special_tokens = True
        row["ids_plain"] = tokenizer.encode(text, add_special_tokens=False).ids
        tokenizer.encode_special_tokens = False
        row["decoded"] = tokenizer.decode(ids, skip_special_tokens=True)
        row["decoded_all"] = tokenizer.decode(ids, skip_special_tokens=False)
        rows.append(row)
    return rows


def save_hf(name, tokenizer, seed, extra=(), count=40):
    tokenizer.save(str(OUT / f"{name}.json"), pretty=False)
    write_jsonl(f"{name}.cases.jsonl", hf_cases(tokenizer, seed, extra, count))


def train(tokenizer, trainer):
    tokenizer.train_from_iterator(CORPUS.split("\n") * 3, trainer)
    return tokenizer


MARKED = ["<s>Hello</s>", "a <mask> b", "  <mask>  b", "x<mask>y", "word words wordy word", "<s><s>",
          " </s> x", "NEW new newer", "Hello<left>  x", "x  <right> y", "x <both> y"]


def mark(tokenizer):
    tokenizer.add_special_tokens(["<s>", "</s>", AddedToken("<mask>", lstrip=True, rstrip=False)])
    tokenizer.add_tokens([AddedToken("word", single_word=True), AddedToken("new", normalized=True),
                          AddedToken("<left>", rstrip=True, normalized=False),
                          AddedToken("<right>", lstrip=True, normalized=False),
                          AddedToken("<both>", lstrip=True, rstrip=True, normalized=False)])
    return tokenizer


def byte_level(pattern=None, normalizer=None, add_prefix_space=False, vocab_size=420):
    t = Tokenizer(models.BPE())
    if normalizer:
        t.normalizer = normalizer
    if pattern:
        t.pre_tokenizer = pre_tokenizers.Sequence(
            [pre_tokenizers.Split(Regex(pattern), "isolated"),
             pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    else:
        t.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=add_prefix_space)
    t.decoder = decoders.ByteLevel()
    return train(t, trainers.BpeTrainer(
        vocab_size=vocab_size, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False))


def rebuild(tokenizer, change):
    """The tokenizer with its JSON changed."""
    root = json.loads(tokenizer.to_str())
    change(root)
    return Tokenizer.from_str(json.dumps(root))


def hf_tokenizers():
    t = mark(byte_level(add_prefix_space=True))
    t.post_processor = processors.RobertaProcessing(("</s>", t.token_to_id("</s>")),
                                                    ("<s>", t.token_to_id("<s>")))
    save_hf("roberta", t, 1, MARKED)

    t = byte_level(PATTERNS[1], vocab_size=460)
    t = mark(rebuild(t, lambda root: root["model"].update(ignore_merges=True)))
    t.post_processor = processors.Sequence(
        [processors.ByteLevel(trim_offsets=False),
         processors.TemplateProcessing(single="<s> $A </s>", pair="$A $B:1",
                                       special_tokens=[("<s>", t.token_to_id("<s>")),
                                                       ("</s>", t.token_to_id("</s>"))])])
    save_hf("llama3", t, 2, MARKED)

    save_hf("qwen2", mark(byte_level(PATTERNS[2], normalizers.NFC())), 3, MARKED)

    # The digits step comes after the bytes have become characters.
    t = Tokenizer(models.BPE())
    t.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Punctuation("contiguous"), pre_tokenizers.ByteLevel(add_prefix_space=False),
         pre_tokenizers.Digits(), pre_tokenizers.Split(Regex("[0-9][0-9][0-9]"), "isolated")])
    t.decoder = decoders.ByteLevel()
    train(t, trainers.BpeTrainer(vocab_size=380, show_progress=False,
                                 initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
    save_hf("falcon", t, 4)

    # Byte-level in the normalizer; not all bytes in the vocabulary.
    t = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True))
    t.normalizer = normalizers.Sequence([normalizers.Lowercase(), normalizers.ByteLevel()])
    t.pre_tokenizer = pre_tokenizers.Split(Regex("Ġ?[a-z]+|[^a-z]"), "isolated")
    t.decoder = decoders.ByteLevel()
    train(t, trainers.BpeTrainer(vocab_size=150, special_tokens=["<unk>"], show_progress=False))
    save_hf("normalizer_bytes", mark(t), 5, MARKED)

    t = Tokenizer(models.BPE(unk_token="[UNK]", fuse_unk=False))
    t.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase(),
                                         normalizers.Strip(), normalizers.Prepend("_")])
    t.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Whitespace(),
                                               pre_tokenizers.Digits(individual_digits=True)])
    train(t, trainers.BpeTrainer(vocab_size=170, special_tokens=["[UNK]"], show_progress=False,
                                 limit_alphabet=60))
    save_hf("unk", mark(t), 6, MARKED)

    t = Tokenizer(models.BPE(unk_token="[UNK]", continuing_subword_prefix="##",
                             end_of_word_suffix="</w>", fuse_unk=True))
    t.pre_tokenizer = pre_tokenizers.Whitespace()
    train(t, trainers.BpeTrainer(vocab_size=260, special_tokens=["[UNK]"], show_progress=False,
                                 continuing_subword_prefix="##", end_of_word_suffix="</w>"))
    save_hf("affixes", t, 7)

    def metaspace_bpe(scheme, split):
        t = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True))
        t.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme=scheme, split=True)
        special = ["<unk>", "<s>", "</s>"] + [f"<0x{b:02X}>" for b in range(256)]
        train(t, trainers.BpeTrainer(vocab_size=420, special_tokens=special, show_progress=False,
                                     limit_alphabet=70))
        root = json.loads(t.to_str())
        # Byte tokens belong to the model, and are not to be looked for in the text.
        root["added_tokens"] = [a for a in root["added_tokens"] if a["id"] < 3]
        root["pre_tokenizer"] = {"type": "Metaspace", "replacement": "▁",
                                 "prepend_scheme": scheme, "split": split}
        root["decoder"] = config(decoders.Sequence(
            [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(),
             decoders.Strip(" ", 1, 0)]))
        root["post_processor"] = config(processors.TemplateProcessing(
            single="<s> $A", pair="<s> $A $B:1", special_tokens=[("<s>", 1)]))
        return root

    t = Tokenizer.from_str(json.dumps(metaspace_bpe("first", False)))
    save_hf("mistral", mark(t), 8, MARKED)
    root = metaspace_bpe("always", True)
    root["pre_tokenizer"] = None
    root["normalizer"] = config(normalizers.Sequence(
        [normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")]))
    save_hf("llama2", mark(Tokenizer.from_str(json.dumps(root))), 9, MARKED)

    def unigram(byte_fallback):
        t = Tokenizer(models.Unigram())
        t.normalizer = normalizers.Sequence([normalizers.Precompiled(charsmap()),
                                             normalizers.Replace(Regex(" {2,}"), " ")])
        t.pre_tokenizer = pre_tokenizers.Metaspace()
        t.decoder = decoders.Metaspace()
        train(t, trainers.UnigramTrainer(vocab_size=160, show_progress=False, unk_token="<unk>",
                                         special_tokens=["<unk>", "<s>", "</s>"]))
        root = json.loads(t.to_str())
        if byte_fallback:
            root["model"]["byte_fallback"] = True
            root["model"]["vocab"] += [[f"<0x{b:02X}>", -20.0] for b in range(256)]
            root["decoder"] = config(decoders.Sequence(
                [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(),
                 decoders.Strip(" ", 1, 0)]))
        # Scores as a file would have them.
        root["model"]["vocab"] = [[piece, round(score, 4)] for piece, score in root["model"]["vocab"]]
        root["post_processor"] = config(processors.TemplateProcessing(
            single="$A </s>", pair="$A </s> $B:1 </s>:1", special_tokens=[("</s>", 2)]))
        return Tokenizer.from_str(json.dumps(root))

    save_hf("unigram", mark(unigram(False)), 10, MARKED)
    save_hf("unigram_bytes", mark(unigram(True)), 11, MARKED)

    t = Tokenizer(models.WordPiece(unk_token="[UNK]", max_input_chars_per_word=20))
    t.normalizer = normalizers.BertNormalizer()
    t.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    t.decoder = decoders.WordPiece()
    train(t, trainers.WordPieceTrainer(
        vocab_size=300, special_tokens=["[PAD]", "[UNK]", "[CLS]", "[SEP]"], show_progress=False))
    t.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    save_hf("bert", mark(t), 12, MARKED + ["a" * 30, "[CLS] x [SEP]", "Hello, it's n't . ok"])
    return t


def sentencepiece_models():
    sets = {
        "spm_bpe": dict(model_type="bpe", vocab_size=560, byte_fallback=True,
                        normalization_rule_name="identity", remove_extra_whitespaces=False),
        "spm_bpe_rules": dict(model_type="bpe", vocab_size=280, rules=True,
                              user_defined_symbols=["<ud>", "the", "▁▁"], control_symbols=["<ctl>"]),
        "spm_suffix": dict(model_type="bpe", vocab_size=260, treat_whitespace_as_suffix=True,
                           normalization_rule_name="identity", add_dummy_prefix=True),
        "spm_unigram": dict(model_type="unigram", vocab_size=260, rules=True,
                            user_defined_symbols=["<ud>", "ing"]),
        "spm_unigram_bytes": dict(model_type="unigram", vocab_size=500, byte_fallback=True,
                                  normalization_rule_name="identity", add_dummy_prefix=False,
                                  remove_extra_whitespaces=False),
    }
    extra = ["<ud>x <ud> the<ud>", "the the  the", "<ctl> <s>", "singing<ud>ing", "a  b   c",
             "ABC ﬁ ½ Å ... … ｱ① ßß 가", "trailing   "]
    for seed, (name, options) in enumerate(sets.items(), 20):
        model = sentencepiece.SentencePieceProcessor(
            model_proto=train_sentencepiece(name, **options))
        rows = []
        for text in extra + texts(seed, 60):
            if "\u0000" in text:
                continue  # the Python binding's own business
            ids = model.encode(text)
            rows.append({"text": text, "ids_plain": ids, "normalized": model.normalize(text)})
            if model.unk_id() not in ids:
                rows[-1]["decoded"] = model.decode(ids)
        # One long text: float sums show.
        long = (CORPUS + "\n") * 4
        rows.append({"text": long, "ids_plain": model.encode(long)})
        write_jsonl(f"{name}.cases.jsonl", rows)


def unused_pieces():
    """A SentencePiece BPE whose pieces are partly unused: merged through, then taken apart."""
    from sentencepiece import sentencepiece_model_pb2 as pb
    proto = pb.ModelProto()
    proto.ParseFromString((OUT / "spm_bpe.model").read_bytes())
    normal = [p for p in proto.pieces if p.type == p.NORMAL and len(p.piece) > 1]
    for piece in normal[3:60:4]:
        piece.type = piece.UNUSED
    data = proto.SerializeToString()
    (OUT / "spm_unused.model").write_bytes(data)
    model = sentencepiece.SentencePieceProcessor(model_proto=data)
    write_jsonl("spm_unused.cases.jsonl",
                [{"text": text, "ids_plain": model.encode(text)} for text in texts(30, 40)
                 if "\u0000" not in text])


def tiktoken_file():
    t = byte_level(PATTERNS[1], vocab_size=400)
    char_to_byte = {chr(c): b for b, c in zip(*byte_chars())}
    ranks = {bytes(char_to_byte[c] for c in token): 0 for token in t.get_vocab()}
    # Ranks in the order tiktoken's files have: bytes first, then as the trainer merged.
    order = sorted(t.get_vocab().items(), key=lambda item: item[1])
    ranks = {bytes(char_to_byte[c] for c in token): rank for rank, (token, _) in enumerate(order)}
    with open(OUT / "tiny.tiktoken", "wb") as f:
        for token, rank in ranks.items():
            f.write(base64.b64encode(token) + b" " + str(rank).encode() + b"\n")
    encoding = tiktoken.Encoding("tiny", pat_str=PATTERNS[1], mergeable_ranks=ranks,
                                 special_tokens={})
    write_jsonl("tiny.cases.jsonl",
                [{"text": text, "ids": encoding.encode_ordinary(text), "pattern": PATTERNS[1]}
                 for text in texts(40, 60)])


def byte_chars():
    bs = list(range(33, 127)) + list(range(0xA1, 0xAD)) + list(range(0xAE, 0x100))
    cs = list(bs)
    for b in range(256):
        if b not in bs:
            bs.append(b)
            cs.append(256 + len(cs) - 188)
    return bs, cs


def gguf_files(bert):
    def writer(name, model, pre=None):
        w = gguf.GGUFWriter(OUT / f"{name}.gguf", "llama")
        w.add_tokenizer_model(model)
        if pre:
            w.add_tokenizer_pre(pre)
        return w

    def finish(w):
        w.write_header_to_file()
        w.write_kv_data_to_file()
        w.close()

    # gpt2: the qwen2 tokenizer from above, with its added tokens.
    root = json.loads((OUT / "qwen2.json").read_text(encoding="utf-8"))
    tokens = {i: t for t, i in root["model"]["vocab"].items()}
    added = {a["id"]: a for a in root["added_tokens"] if not (a["lstrip"] or a["rstrip"] or
                                                             a["single_word"] or a["normalized"])}
    w = writer("gguf_gpt2", "gpt2", "qwen2")
    size = len(tokens) + len(root["added_tokens"])
    w.add_token_list([tokens.get(i, added.get(i, {"content": f"[PAD{i}]"})["content"])
                      for i in range(size)])
    w.add_token_types([1 if i in tokens else 3 if i in added and added[i]["special"] else 4
                       for i in range(size)])
    w.add_token_merges([" ".join(m) for m in root["model"]["merges"]])
    bos = next(i for i, a in added.items() if a["content"] == "<s>")
    w.add_bos_token_id(bos)
    w.add_eos_token_id(bos + 1)
    w.add_add_bos_token(True)
    finish(w)
    root["added_tokens"] = list(added.values())
    t = Tokenizer.from_str(json.dumps(root))
    t.post_processor = processors.TemplateProcessing(single="<s> $A", pair="$A $B:1",
                                                     special_tokens=[("<s>", bos)])
    write_jsonl("gguf_gpt2.cases.jsonl", hf_cases(t, 50, ["<s>Hello</s> x"]))

    for name, source, kind in [("gguf_llama", "spm_bpe", "llama"), ("gguf_t5", "spm_unigram", "t5")]:
        model = sentencepiece.SentencePieceProcessor(model_file=str(OUT / f"{source}.model"))
        from sentencepiece import sentencepiece_model_pb2 as pb
        proto = pb.ModelProto()
        proto.ParseFromString((OUT / f"{source}.model").read_bytes())
        w = writer(name, kind)
        w.add_token_list([p.piece for p in proto.pieces])
        w.add_token_scores([p.score for p in proto.pieces])
        w.add_token_types([int(p.type) for p in proto.pieces])
        w.add_bos_token_id(1)
        w.add_eos_token_id(2)
        w.add_unk_token_id(0)
        w.add_add_space_prefix(proto.normalizer_spec.add_dummy_prefix)
        w.add_remove_extra_whitespaces(proto.normalizer_spec.remove_extra_whitespaces)
        if proto.normalizer_spec.precompiled_charsmap:
            w.add_precompiled_charsmap(proto.normalizer_spec.precompiled_charsmap)
        finish(w)
        write_jsonl(f"{name}.cases.jsonl",
                    [{"text": text, "ids_plain": model.encode(text)} for text in texts(51, 40)
                     if "\u0000" not in text])

    vocab = bert.get_vocab(with_added_tokens=False)
    names = ["" for _ in vocab]
    for token, i in vocab.items():
        special = token in ("[PAD]", "[UNK]", "[CLS]", "[SEP]")
        names[i] = token if special else token[2:] if token.startswith("##") else "▁" + token
    w = writer("gguf_bert", "bert", "bert")
    w.add_token_list(names)
    w.add_token_types([3 if i < 4 else 1 for i in range(len(names))])
    w.add_unk_token_id(1)
    w.add_uint32("tokenizer.ggml.cls_token_id", 2)
    w.add_sep_token_id(3)
    finish(w)
    root = json.loads(bert.to_str())
    root["added_tokens"] = root["added_tokens"][:4]
    root["model"]["max_input_chars_per_word"] = 100  # a GGUF does not say it
    rows = hf_cases(Tokenizer.from_str(json.dumps(root)), 52, ["Hello, world. It's ok!"])
    for row in rows:
        del row["decoded_all"]  # GGUF stores [SEP] without the space the decoder puts before it
    write_jsonl("gguf_bert.cases.jsonl", rows)


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    normalizer_cases()
    pre_tokenizer_cases()
    split_cases()
    decoder_cases()
    bert = hf_tokenizers()
    sentencepiece_models()
    unused_pieces()
    tiktoken_file()
    gguf_files(bert)


if __name__ == "__main__":
    main()
