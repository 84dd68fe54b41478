"""Computes membership inference with numpy and scikit-learn and writes the golden file of PrivacyTests.

Usage: .python/bin/python scripts/oracles/privacy.py [OUTPUT]
"""

import json
import pathlib
import sys

import numpy as np
from scipy import special, stats
from sklearn.metrics import roc_auc_score, roc_curve

DEFAULT = pathlib.Path(__file__).parents[2] / "Tests" / "PrivacyTests" / "Golden" / "privacy.json"
MODELS, PEOPLE, CLASSES = 8, 120, 3


def main():
    generator = np.random.default_rng(7)
    clusters = np.repeat(np.arange(PEOPLE), 2)
    items = len(clusters)
    labels = generator.integers(0, CLASSES, items)
    masks = np.zeros((MODELS, items), bool)
    for pair in range(MODELS // 2):
        masks[2 * pair] = (generator.random(PEOPLE) < 0.5)[clusters]
        masks[2 * pair + 1] = ~masks[2 * pair]
    logits = generator.normal(0, 1, (MODELS, items, CLASSES)) + generator.normal(0, 1, (items, CLASSES))
    logits[:, np.arange(items), labels] += 1 + 1.5 * masks
    # Coarse logits make ties.
    logits = (np.round(logits * 4) / 4).astype(np.float32)

    wide = logits.astype(np.float64)
    scores = np.empty((MODELS, items))
    for model in range(MODELS):
        for item in range(items):
            others = np.delete(wide[model, item], labels[item])
            scores[model, item] = wide[model, item, labels[item]] - special.logsumexp(others)

    attacks = {"likelihoodRatio": [], "lossThreshold": []}
    for target in range(MODELS):
        shadows = [model for model in range(MODELS) if model // 2 != target // 2]
        means, variances = {}, {}
        for side in (True, False):
            held = [scores[[m for m in shadows if masks[m, i] == side], i] for i in range(items)]
            means[side] = np.array([values.mean() for values in held])
            freedom = sum(len(values) - 1 for values in held)
            variances[side] = sum(((values - values.mean()) ** 2).sum() for values in held) / freedom
        density = {
            side: stats.norm.logpdf(scores[target], means[side], np.sqrt(variances[side])) for side in (True, False)
        }
        attacks["likelihoodRatio"].append(density[True] - density[False])
        attacks["lossThreshold"].append(
            [wide[target, i, labels[i]] - special.logsumexp(wide[target, i]) for i in range(items)]
        )

    group = np.flatnonzero(generator.random(items) < 0.4)
    expected = {}
    for attack, ranked in attacks.items():
        expected[attack] = {}
        for name, subset in [("overall", np.arange(items)), ("group", group)]:
            # Rounding to 12 digits restores ties that two orders of summation may break.
            pairs = [(masks[t, subset], np.round(np.asarray(ranked[t])[subset], 12)) for t in range(MODELS)]
            curves = [roc_curve(member, score, drop_intermediate=False) for member, score in pairs]
            at_tenth = [(tpr[fpr <= 0.1 + 1e-12].max(), fpr[fpr <= 0.1 + 1e-12].max()) for fpr, tpr, _ in curves]
            expected[attack][name] = {
                "areaUnderCurve": np.mean([roc_auc_score(member, score) for member, score in pairs]),
                "truePositiveRate": np.mean([tpr for tpr, _ in at_tenth]),
                "falsePositiveRate": np.mean([fpr for _, fpr in at_tenth]),
            }
    golden = {
        "masks": masks.tolist(),
        "clusters": clusters.tolist(),
        "labels": labels.tolist(),
        "logits": [model.astype(float).ravel().tolist() for model in logits],
        "group": group.tolist(),
        "scores": scores.tolist(),
        "likelihoodRatios": [list(map(float, target)) for target in attacks["likelihoodRatio"]],
        "expected": expected,
    }
    output = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else DEFAULT
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(json.dumps(golden, allow_nan=False, default=float) + "\n")


if __name__ == "__main__":
    main()
