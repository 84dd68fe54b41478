#!/usr/bin/env python3
"""Tokenizers of many kinds, and what transformers does with them.

    scripts/oracles/tokenization.py generate OUT [REAL_MODEL ...]
    scripts/oracles/tokenization.py encode FOLDER TEXTS IDS

`generate` makes tokenizer folders in OUT, small ones trained here and some around the SentencePiece models given, and
OUT/expected.json: for each folder the ids and the decoded texts of hard inputs. `encode` reads the file TEXTS, a JSON
array of texts, and writes the array of their ids to the file IDS. A folder without tokenizer_config.json holds a bare tokenizer.model, for which
SentencePiece is the oracle. Needs transformers, tokenizers, sentencepiece and protobuf.
"""

import itertools
import json
import os
import random
import re
import shutil
import sys

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"
sys.modules.setdefault("torchvision", None)

import sentencepiece
import transformers
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

transformers.logging.set_verbosity_error()

CORPUS = [
    "The quick brown fox jumps over the lazy dog, and the dog doesn't care.",
    "Privacy and fairness are measured; neither comes for free.",
    "She's here, they're there, we've seen it, I'll go, he'd stay, I'm out, it can't be.",
    "日本語の文章を書きます。東京都の天気は晴れです。",
    "Türkçe bir cümle: güneş doğuyor, ırmak akıyor, şöyle böyle.",
    "for (int i = 0; i < 10; ++i) {\n    total += values[i];\n}\n",
    "Prices: 12, 345, 6789 and 1234567.89; 50% off -- today!!!",
    "naïve café, cafe\u0301, re\u0301sume\u0301, Ångström",
    "😀 😃 👩‍👩‍👧‍👦 🇯🇵 hello 👍🏽",
    "aaaa aaaaaaaa  bb   ccc    dddd     eeeee",
] * 20

TEXTS = [
    "", " ", "  ", "   ", "\n", "\t", "\n\n\n", "\r\n", " \n \n ", "a", " a", "a ", "  a  ", "Hello world", "hello  world",
    "Hello\tworld\n", "line one\nline two\r\n\r\nline four", "   leading", "trailing   ", "a  b   c    d     e",
    "The quick brown fox doesn't jump.", "I'M HERE, THEY'RE THERE, 'Tis 'twas WE'VE I'll I'LL he'D ''s 'ſ 'x '", "don't 's't're",
    "日本語の文章", "東京都の天気は晴れです。", "混ぜた mixed 文 text", "한국어 텍스트", "नमस्ते दुनिया", "مرحبا بالعالم",
    "Türkçe güneş ırmak İstanbul", "ﬁ ﬂ ligature ½ ² Ⅻ ①②③ ٣٤٥", "12345678901234567890 1,234.56 3a4b 1 22 333 4444",
    "😀", "😀😃", "a😀b", "👩‍👩‍👧‍👦", "🇯🇵🇹🇷", "👍🏽 ok", "🫨🪿",
    "cafe\u0301 café", "e\u0301\u0301\u0323", "\u0301", " \u0301a", "a\u200bb\u200d\u200c", "\ufeffbom", "a\u00a0b\u3000c\u2003d\u2028e\u2029f\u0085g",
    "\x00", "a\x00b", "\x00\x00", "\x01\x02\x1b\x1c\x1d\x1e\x1f\x7f", "a\x0b\x0cb", "\ufffd\ufffe\uffff", "\U0010ffff\U000e0001",
    "<s>", "</s>", "<unk>", "<s></s>", "a<s>b", "a <s> b", " <s> ", "<s> a", "<s>a</s>b<unk>c", "<s >", "<S>", "<s", "<<s>>",
    "<pad>", "a<pad>b  <pad>", "[INST] hi [/INST]", "<0x0A>", "<0x41><0xE3><0x81>", "▁", "▁▁", "▁a", " ▁a", "a▁b", "a ▁ b",
    "[X]", " [X] ", "a[X]b", "a  [X]  b", "[X][X]", "<extra>", "the<extra>fox", "<strip>", "a  <strip>  b", "\t<strip>\n\u3000x",
    "<word>", "a<word>", "<word>a", "a <word> b", ".<word>,", "\u0301<word>", "<word><word>", "<|end|>", "a<|end|>b", " <|end|> ", "é", "e\u0301",
    "aaaa", "aaaaa", "aaaaaaa", "a" * 31, " " * 31, "=" * 63, "ab" * 20, "the" * 10, "\n" * 20, "😀" * 9, "日" * 17, "-" * 100, "é" * 15,
    "x" * 1000 + " " * 1000 + "\n" * 100, "def f(x):\n\treturn x  # done\n", "https://example.org/a?b=c&d=%20e#f", "@user #tag RT: lol!!!1",
    "a.b,c;d:e!f?g", "!!! ??? ...", " !", "  !", "!a", " !a", "_a_ __b__", "a\n b\n\n  c", "x \n\ny", "  \n  x", "\n x", "\t\tx", "1\n2", "1 \n2",
    "A’s ‘quoted’ “text” – — …", "ABC DEF", "MiXeD cAsE", "ʼn ŉ ǆ", "\u1680x\u180ey", "᾽α ᾽Α", "ﷺ", "𝔘𝔫𝔦𝔠𝔬𝔡𝔢 𝟙𝟚𝟛",
]

LONG = [["a", 100_000], [" ", 100_000], ["\n", 20_000], ["日", 20_000], ["😀", 20_000], ["ab ", 30_000], ["\u0000", 20_000], ["-=", 20_000]]


def random_texts(count):
    generator = random.Random(20240607)
    parts = ["a", "e", "th", "the", " ", "  ", "   ", "\n", "\r\n", "\t", "==", "-", "1", "23", "日", "本", "é", "e\u0301", "\u0301", "😀", "\x00",
             "\x01", "▁", "<0x0A>", "<", "s", ">", "<s>", "</s>", "<unk>", "[X]", "<strip>", "<word>", "<extra>", "'s", "'LL", "ş", "ı", ".", "!", "\u00a0", "\u3000", "A", "Zz"]
    texts = ["".join(generator.choice(parts) for _ in range(generator.randint(1, 25))) for _ in range(count)]
    ranges = [(0x20, 0x7F), (0x80, 0x250), (0x300, 0x500), (0x900, 0xA00), (0x2000, 0x2100), (0x3000, 0x3100), (0x4E00, 0x5000), (0x1F300, 0x1F650)]
    for _ in range(count):
        start, end = generator.choice(ranges)
        texts.append("".join(chr(generator.randrange(start, end)) if generator.random() < 0.7 else generator.choice(" \na'1") for _ in range(generator.randint(1, 30))))
    return texts


def write(folder, name, value):
    with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
        json.dump(value, file, ensure_ascii=False)


def train_sentencepiece(out, name, **settings):
    prefix = os.path.join(out, name)
    corpus = prefix + ".txt"
    with open(corpus, "w", encoding="utf-8") as file:
        file.write("\n".join(line.replace("\n", " ") for line in CORPUS))
    options = dict(
        input=corpus, model_prefix=prefix, model_type="bpe", vocab_size=600, byte_fallback=True, character_coverage=0.98,
        normalization_rule_name="identity", remove_extra_whitespaces=False, minloglevel=2, num_threads=1)
    sentencepiece.SentencePieceTrainer.train(**{**options, **settings})
    return prefix + ".model"


def added(content, **flags):
    fields = {"content": content, "lstrip": False, "rstrip": False, "single_word": False, "normalized": False, "special": False}
    return {**fields, **flags}


def model_folders(out, models):
    llama = {"tokenizer_class": "LlamaTokenizer"}
    decoder = {
        "0": added("<unk>", special=True), "1": added("<s>", special=True), "2": added("</s>", special=True),
        "NEXT": added("<pad>", special=True), "NEXT+1": added("[X]", normalized=True), "NEXT+2": added("<strip>", lstrip=True, rstrip=True, special=True),
        "NEXT+3": added("<word>", single_word=True)}
    variants = {
        "bare": (None, {}),
        "default": (llama, {}),
        "legacy": ({**llama, "legacy": True, "add_bos_token": True, "add_eos_token": True}, {}),
        "llama2": ({"tokenizer_class": "LlamaTokenizerFast", "legacy": False, "add_bos_token": True, "add_eos_token": False, "bos_token": {"__type": "AddedToken", **added("<s>")}, "eos_token": {"__type": "AddedToken", **added("</s>")}, "unk_token": {"__type": "AddedToken", **added("<unk>")}, "pad_token": None, "clean_up_tokenization_spaces": False}, {"config.json": {"model_type": "llama"}}),
        "no-prefix": ({**llama, "legacy": True, "add_prefix_space": False, "add_bos_token": True}, {}),
        "no-bos-token": ({**llama, "bos_token": None, "add_bos_token": True, "add_eos_token": True}, {}),
        "added": ({**llama, "legacy": False, "add_bos_token": True, "added_tokens_decoder": decoder, "pad_token": "<pad>", "additional_special_tokens": ["[X]", "<extra>"]}, {}),
        "added-legacy": ({**llama, "legacy": True, "add_eos_token": True, "added_tokens_decoder": decoder, "pad_token": "<pad>", "image_token": "<extra>"}, {}),
        "old-files": ({**llama, "add_bos_token": True, "pad_token": "<pad>"}, {"added_tokens.json": {"<word>": 1000, "[X]": 999, "</s>": 2}, "special_tokens_map.json": {"bos_token": added("<s>", lstrip=True, rstrip=True, normalized=True), "eos_token": "</s>", "additional_special_tokens": ["<extra>"]}}),
        "generic": ({}, {}),
        "generic-added": ({"tokenizer_class": "PreTrainedTokenizerFast", "add_bos_token": True, "add_eos_token": True, "added_tokens_decoder": decoder, "pad_token": "<pad>"}, {}),
        "mistral": ({**llama, "legacy": True, "add_bos_token": True}, {"config.json": {"model_type": "mistral"}}),
    }
    for name, model in models.items():
        size = sentencepiece.SentencePieceProcessor(model_file=model).vocab_size()
        for variant, (configuration, files) in variants.items():
            folder = os.path.join(out, f"{name}-{variant}")
            os.makedirs(folder)
            shutil.copy(model, os.path.join(folder, "tokenizer.model"))
            if configuration is not None:
                configuration = dict(configuration)
                if "added_tokens_decoder" in configuration:
                    keys = {"NEXT": size, "NEXT+1": size + 1, "NEXT+2": size + 2, "NEXT+3": size + 3}
                    configuration["added_tokens_decoder"] = {str(keys.get(key, key)): value for key, value in decoder.items()}
                write(folder, "tokenizer_config.json", configuration)
            for file, value in files.items():
                write(folder, file, value)
            yield folder


GPT2_SPECIALS = [AddedToken("<|end|>", special=True)]
LLAMA3 = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
QWEN2 = LLAMA3.replace("{1,3}", "")


def byte_level(pre_tokenizer, normalizer=None, **model):
    tokenizer = Tokenizer(models.BPE(**model))
    tokenizer.pre_tokenizer = pre_tokenizer
    tokenizer.decoder = decoders.ByteLevel()
    if normalizer:
        tokenizer.normalizer = normalizer
    trainer = trainers.BpeTrainer(vocab_size=500, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), special_tokens=GPT2_SPECIALS, show_progress=False)
    tokenizer.train_from_iterator(CORPUS, trainer)
    tokenizer.add_tokens([
        AddedToken("[X]", normalized=True), AddedToken("<extra>", normalized=False), AddedToken("<word>", single_word=True, normalized=False),
        AddedToken("<strip>", lstrip=True, rstrip=True, special=True), AddedToken("<s>", special=True), AddedToken("</s>", special=True)])
    return tokenizer


def split(expression):
    return pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(expression), "isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])


def sentencepiece_style(model, normalizer, pre_tokenizer, template, **settings):
    from transformers.convert_slow_tokenizer import SentencePieceExtractor
    extracted = SentencePieceExtractor(model).extract(models.BPE)
    tokenizer = Tokenizer(models.BPE(vocab=extracted["vocab"], merges=extracted["merges"], **settings))
    if normalizer:
        tokenizer.normalizer = normalizer
    if pre_tokenizer:
        tokenizer.pre_tokenizer = pre_tokenizer
    tokenizer.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)])
    if template:
        tokenizer.post_processor = template
    tokenizer.add_special_tokens([AddedToken(token, normalized=False, special=True) for token in ["<unk>", "<s>", "</s>"]])
    tokenizer.add_tokens([AddedToken("[X]", normalized=True), AddedToken("<strip>", lstrip=True, rstrip=True, normalized=False), AddedToken("<word>", single_word=True)])
    return tokenizer


def template(single, *tokens):
    return processors.TemplateProcessing(single=single, pair=None, special_tokens=list(tokens))


def json_folders(out, model, plain_model):
    prepend = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    metaspace = pre_tokenizers.Metaspace
    both = template("<s> $A </s>", ("<s>", 1), ("</s>", 2))
    kinds = {
        "prepend": sentencepiece_style(model, prepend, None, template("<s> $A", ("<s>", 1)), unk_token="<unk>", fuse_unk=True, byte_fallback=True),
        "metaspace-first": sentencepiece_style(model, None, metaspace("▁", "first", False), both, unk_token="<unk>", fuse_unk=True, byte_fallback=True, ignore_merges=True),
        "metaspace-split": sentencepiece_style(model, None, metaspace("▁", "always", True), None, unk_token="<unk>", byte_fallback=True, ignore_merges=True),
        "no-fallback-fused": sentencepiece_style(plain_model, prepend, None, None, unk_token="<unk>", fuse_unk=True),
        "no-fallback": sentencepiece_style(plain_model, prepend, None, None, unk_token="<unk>"),
        "no-unknown": sentencepiece_style(plain_model, prepend, None, None),
        "gpt2": byte_level(pre_tokenizers.ByteLevel(add_prefix_space=False)),
        "gpt2-prefix": byte_level(pre_tokenizers.ByteLevel(add_prefix_space=True)),
        "gpt2-whole": byte_level(pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)),
        "llama3": byte_level(split(LLAMA3), ignore_merges=True),
        "qwen2": byte_level(split(QWEN2), normalizers.NFC()),
    }
    kinds["llama3"].post_processor = processors.Sequence([processors.ByteLevel(trim_offsets=False), template("<s> $A", ("<s>", kinds["llama3"].token_to_id("<s>")))])
    kinds["metaspace-split"].decoder = decoders.Metaspace("▁", "always")
    kinds["no-unknown"].decoder = decoders.Metaspace("▁", "never")
    for name, tokenizer in kinds.items():
        folder = os.path.join(out, f"json-{name}")
        os.makedirs(folder)
        tokenizer.save(os.path.join(folder, "tokenizer.json"))
        configuration = {"tokenizer_class": "PreTrainedTokenizerFast", "clean_up_tokenization_spaces": True}
        if name == "llama3":
            configuration = {"tokenizer_class": "LlamaTokenizer", "bos_token": "<s>", "eos_token": "</s>"}
        if name == "gpt2":
            configuration |= {"pad_token": "<pad>", "eos_token": "<|end|>", "additional_special_tokens": ["<extra>"]}
            content = json.load(open(os.path.join(folder, "tokenizer.json"), encoding="utf-8"))
            content["model"]["merges"] = [" ".join(pair) for pair in content["model"]["merges"]]
            write(folder, "tokenizer.json", content)
        write(folder, "tokenizer_config.json", configuration)
        yield folder
        if name in ["prepend", "metaspace-first"]:
            for variant, configuration, model_type in [
                    ("llama", {"tokenizer_class": "LlamaTokenizer", "legacy": False, "add_bos_token": False}, "llama"),
                    ("legacy", {"tokenizer_class": "LlamaTokenizerFast", "legacy": True, "pad_token": "<pad>"}, "llama"),
                    ("mistral", {"tokenizer_class": "LlamaTokenizer", "legacy": True, "add_bos_token": True}, "mistral"),
                    ("bare", None, None)]:
                other = f"{folder}-{variant}"
                os.makedirs(other)
                shutil.copy(os.path.join(folder, "tokenizer.json"), other)
                # The JSON file goes before the model beside it.
                shutil.copy(model, os.path.join(other, "tokenizer.model"))
                if model_type:
                    write(other, "config.json", {"model_type": model_type})
                if configuration is not None:
                    write(other, "tokenizer_config.json", configuration)
                yield other


class Bare:
    """SentencePiece itself, with its control pieces found in the text as transformers finds them."""

    def __init__(self, folder):
        self.processor = sentencepiece.SentencePieceProcessor(model_file=os.path.join(folder, "tokenizer.model"))
        serialized = self.processor.serialized_model_proto()
        self.inner = sentencepiece.SentencePieceProcessor()
        self.inner.LoadFromSerializedProto(serialized + bytes([0x1A, 4, 0x18, 0, 0x20, 0]))
        ids = range(self.processor.vocab_size())
        self.found = [self.processor.id_to_piece(id) for id in ids if self.processor.is_control(id) or self.processor.is_unknown(id)]
        self.unk_token_id, self.bos_token_id, self.eos_token_id, self.pad_token_id = self.processor.unk_id(), 1, 2, None

    def __len__(self):
        return self.processor.vocab_size()

    def __call__(self, text, add_special_tokens=True):
        ids = [1] if add_special_tokens else []
        parts = [part for part in re.split("(" + "|".join(map(re.escape, self.found)) + ")", text) if part]
        for position, part in enumerate(parts):
            if part in self.found:
                ids.append(self.processor.piece_to_id(part))
            else:
                ids += (self.processor if position == 0 else self.inner).encode(part)
        return type("Encoding", (), {"input_ids": ids})


def load(folder):
    if os.path.exists(os.path.join(folder, "tokenizer_config.json")) or os.path.exists(os.path.join(folder, "tokenizer.json")):
        return transformers.AutoTokenizer.from_pretrained(folder)
    return Bare(folder)


def runs(ids):
    return [[key, len(list(group))] for key, group in itertools.groupby(ids)]


def expectation(folder, texts):
    tokenizer = load(folder)
    cases = []
    generator = random.Random(7)
    for text in texts:
        ids = tokenizer(text).input_ids
        case = {"text": text, "ids": ids, "plain": tokenizer(text, add_special_tokens=False).input_ids}
        if not isinstance(tokenizer, Bare):
            case["whole"] = tokenizer.decode(ids, skip_special_tokens=False)
            case["skipped"] = tokenizer.decode(ids, skip_special_tokens=True)
        cases.append(case)
    arbitrary = []
    # Long texts differ by the model and the way to it, not by the added tokens.
    is_long = re.search("bare|-default|-generic$|^json-[^-]*$", os.path.basename(folder))
    long = [] if not is_long else [{"text": text, "count": count, "runs": runs(tokenizer(text * count).input_ids)} for text, count in LONG]
    if not isinstance(tokenizer, Bare):
        for _ in range(200):
            ids = [generator.randrange(len(tokenizer) + 3) for _ in range(generator.randint(1, 12))]
            arbitrary.append({"ids": ids, "whole": tokenizer.decode(ids), "skipped": tokenizer.decode(ids, skip_special_tokens=True)})
    roles = {role: getattr(tokenizer, role + "_token_id") for role in ["bos", "eos", "pad", "unk"]}
    return {"folder": os.path.basename(folder), "size": len(tokenizer), **roles, "cases": cases, "arbitrary": arbitrary, "long": long}


def generate(out, real):
    os.makedirs(out, exist_ok=True)
    model = train_sentencepiece(out, "small")
    symbols = train_sentencepiece(out, "symbols", user_defined_symbols=["[X]", "the"], control_symbols=["<extra>"])
    plain = train_sentencepiece(out, "plain", byte_fallback=False, vocab_size=400)
    models_by_name = {"small": model, "symbols": symbols, "plain": plain}
    models_by_name |= {os.path.basename(os.path.dirname(path)): path for path in real}
    texts = TEXTS + random_texts(150)
    folders = list(model_folders(out, models_by_name)) + list(json_folders(out, model, plain))
    write(out, "expected.json", [expectation(folder, texts) for folder in folders])


if __name__ == "__main__":
    if len(sys.argv) >= 3 and sys.argv[1] == "generate":
        generate(sys.argv[2], sys.argv[3:])
    elif len(sys.argv) == 5 and sys.argv[1] == "encode":
        tokenizer = load(sys.argv[2])
        with open(sys.argv[3], encoding="utf-8") as texts, open(sys.argv[4], "w", encoding="utf-8") as ids:
            json.dump([tokenizer(text).input_ids for text in json.load(texts)], ids)
    else:
        sys.exit(__doc__)
