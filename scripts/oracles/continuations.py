"""Computes what `tenbin audit` scored of questions and frames once more with transformers, from their definitions alone.

    continuations.py --base FOLDER --questions questions.jsonl --wordings letters digits text-pmi --predictions base.csv
    continuations.py --base FOLDER --frames frames.jsonl --predictions base.csv [--seed 13] [--first 40]

Reads the general form of questions, BBQ's, and frames; wordings are those of the standard template. Prints the number of
continuations, and the largest difference of their log-likelihoods; exit code 1 where it is above the tolerance or a
number of tokens differs. No text is printed.
"""

import argparse
import csv
import itertools
import json
import sys
from pathlib import Path

sys.modules.setdefault("torchvision", None)

import torch
import transformers

LABELS = {"letters": "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "digits": "123456789", "symbols": "#$%&@*+=", "none": None}


def options_of(question):
    """Context, question and options of either form."""
    if "ans0" in question:
        return question["context"], question["question"], [question[f"ans{n}"].strip() for n in range(3)]
    return question.get("context") or "", question["question"], [option.strip() for option in question["options"]]


def listed(options, labels):
    lines = options if labels is None else [f"{label}. {option}".strip() for label, option in zip(labels, options)]
    return "\n".join(lines)


def prompt(context, question, options):
    return "\n".join(part for part in [context, question, options] if part) + "\nAnswer:"


def asked(question, wording):
    """Prompt and answer of every continuation: by order of the options, lexicographic up to four of them, else cyclic; by
    position; and with -pmi each followed by the same answer after the bare labels."""
    context, text, options = options_of(question)
    kind, *rest = wording.split("-")
    scores_text = kind == "text"
    labels = LABELS["letters" if scores_text else kind]
    own = range(len(options))
    orders = list(itertools.permutations(own)) if len(options) <= 4 else [[(s + i) % len(options) for i in own] for s in own]
    for order in orders:
        full = prompt(context, text, listed([options[o] for o in order], labels))
        blank = listed([""] * len(options), labels) + "\nAnswer:"
        for position, option in enumerate(order):
            answer = " " + (options[option] if scores_text else labels[position])
            yield full, answer
            if "pmi" in rest:
                yield blank, answer


def frame_continuations(frame):
    before = frame["frame"][: frame["frame"].index("_")]
    space = " " if before[-1:].isspace() else ""
    for candidate in frame["candidates"]:
        yield before.rstrip(), space + candidate.strip()


def encoder(folder):
    """Text to token ids. A folder with SentencePiece's model is read by SentencePiece itself, with the beginning of sequence
    before every text as Llama has it: AutoTokenizer guesses where no tokenizer_config.json says so."""
    model = Path(folder) / "tokenizer.model"
    if model.exists():
        import sentencepiece

        pieces = sentencepiece.SentencePieceProcessor(model_file=str(model))
        return lambda text: [pieces.bos_id()] + pieces.encode(text)
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    return lambda text: tokenizer(text)["input_ids"]


def log_likelihood(model, encode, before, answer):
    given, whole = encode(before), encode(before + answer)
    common = sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], zip(given, whole)))
    with torch.inference_mode():
        logits = model(torch.tensor([whole])).logits[0].double()
    shares = torch.log_softmax(logits, -1)
    return sum(shares[place - 1, whole[place]].item() for place in range(common, len(whole))), len(whole) - common


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--base", required=True)
    parser.add_argument("--questions")
    parser.add_argument("--frames")
    parser.add_argument("--wordings", nargs="+", default=["letters"])
    parser.add_argument("--predictions", required=True)
    parser.add_argument("--seed", default="")
    parser.add_argument("--first", type=int, default=1 << 30)
    parser.add_argument("--tolerance", type=float, default=1e-4)
    arguments = parser.parse_args()
    encode = encoder(arguments.base)
    model = transformers.AutoModelForCausalLM.from_pretrained(arguments.base, dtype=torch.float32).eval()
    with open(arguments.questions or arguments.frames, encoding="utf-8") as file:
        items = [json.loads(line) for line in file if line.strip()]
    with open(arguments.predictions, encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["seed"] == arguments.seed and row["split"] == "test"]
    if len(rows) != len(items):
        sys.exit(f"{len(rows)} rows for {len(items)} items")
    largest, count = 0.0, 0
    for item, row in list(zip(items, rows))[: arguments.first]:
        pairs = (
            list(frame_continuations(item)) if arguments.frames
            else [pair for wording in arguments.wordings for pair in asked(item, wording)])
        found, tokens = row["log_likelihoods"].split(), row["tokens"].split()
        if not len(pairs) == len(found) == len(tokens):
            sys.exit(f"item {row['item']}: {len(found)} numbers for {len(pairs)} continuations")
        for (before, answer), value, scored in zip(pairs, found, tokens):
            expected, length = log_likelihood(model, encode, before, answer)
            if length != int(scored):
                sys.exit(f"item {row['item']}: {scored} tokens; expected {length}")
            largest = max(largest, abs(expected - float(value)))
            count += 1
    print(json.dumps({"continuations": count, "largest_difference": largest}))
    sys.exit(1 if largest > arguments.tolerance else 0)


if __name__ == "__main__":
    main()
