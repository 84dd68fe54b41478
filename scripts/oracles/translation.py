"""BLEU by sacrebleu, ROUGE-L by rouge-score and pronouns by re: translation.py IN OUT.

In: {"translations": [text, …], "references": [[text, …], …], "corpora": [[index, …], …]}, an index possibly several
times. Out: {"bleu": of each corpus, "statistics": of each translation (tokens of it and of its reference, matches and
totals of 1- to 4-grams), "rougeL": of each translation, "pronouns": of each translation}.
"""

import itertools
import json
import re
import sys

from rouge_score.rouge_scorer import RougeScorer
from sacrebleu.metrics import BLEU

PRONOUNS = {
    "female": re.compile(r"\b(?:she|her|hers|herself)\b"),
    "male": re.compile(r"\b(?:he|him|his|himself)\b"),
    "neutral": re.compile(r"\b(?:they|them|their|themselves)\b"),
}


def bleu(translations, references):
    # sacrebleu wants one list a place, with None where a sentence has fewer references.
    places = list(itertools.zip_longest(*references))
    return BLEU().corpus_score(translations, places).score


def statistics(translation, references):
    score = BLEU().corpus_score([translation], [[reference] for reference in references])
    return [score.sys_len, score.ref_len, *score.counts, *score.totals]


def pronouns(text):
    # Lower case here, not re.IGNORECASE: that takes the Turkish ı for i.
    found = {name for name, pattern in PRONOUNS.items() if pattern.search(text.lower())}
    gendered = found - {"neutral"}
    if len(gendered) == 1:
        return gendered.pop()
    return "neutral" if found == {"neutral"} else "unknown"


def main():
    with open(sys.argv[1], encoding="utf-8") as source:
        given = json.load(source)
    translations, references = given["translations"], given["references"]
    scorer = RougeScorer(["rougeL"], use_stemmer=False)
    pairs = list(zip(translations, references))
    result = {
        "bleu": [
            bleu([translations[index] for index in corpus], [references[index] for index in corpus])
            for corpus in given["corpora"]
        ],
        "statistics": [statistics(*pair) for pair in pairs],
        "rougeL": [scorer.score_multi(texts, text)["rougeL"].fmeasure for text, texts in pairs],
        "pronouns": [pronouns(text) for text in translations],
    }
    with open(sys.argv[2], "w", encoding="utf-8") as out:
        json.dump(result, out)


main()
