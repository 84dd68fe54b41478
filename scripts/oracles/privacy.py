"""Computes membership inference with numpy, scipy and scikit-learn and writes the golden file of MembershipInferenceTests.

The attacks are written from their papers' definitions, item by item: LiRA (Carlini et al. 2022), RMIA (Zarifzadeh et
al. 2024) and the interquartile range of loss traces (Pollock et al., arXiv 2411.05743).

Usage: .python/bin/python scripts/oracles/privacy.py [OUTPUT]
"""

import json
import pathlib
import sys

import numpy as np
from scipy import special, stats
from sklearn.metrics import roc_auc_score, roc_curve

DEFAULT = pathlib.Path(__file__).parents[2] / "Tests" / "MembershipInferenceTests" / "Golden" / "privacy.json"
MODELS, PEOPLE, CLASSES, EPOCHS = 8, 120, 3, 5
# Targets whose scores are written; figures are over all of them.
KEPT = 3


def logit_scaled(logits, labels):
    """phi of [model, item, class] logits."""
    scores = np.empty(logits.shape[:2])
    for model in range(logits.shape[0]):
        for item in range(logits.shape[1]):
            others = np.delete(logits[model, item], labels[item])
            scores[model, item] = logits[model, item, labels[item]] - special.logsumexp(others)
    return scores


def side(scores, masks, shadows, member, center, pooled):
    """The center and the standard deviation of every item over the shadows on one side."""
    held = [scores[[m for m in shadows if masks[m, i] == member], i] for i in range(scores.shape[1])]
    centers = np.array([np.median(values) if center == "median" else values.mean() for values in held])
    if pooled:
        squares = sum(((values - values.mean()) ** 2).sum() for values in held)
        variances = np.full(len(held), squares / sum(len(values) - 1 for values in held))
    else:
        variances = np.array([values.var(ddof=1) for values in held])
    return centers, np.sqrt(variances)


def lira(queries, masks, target, shadows, center="mean", pooled=True):
    total = 0
    for scores in queries:
        inside = side(scores, masks, shadows, True, center, pooled)
        outside = side(scores, masks, shadows, False, center, pooled)
        total = total + stats.norm.logpdf(scores[target], *inside) - stats.norm.logpdf(scores[target], *outside)
    return total


def lira_offline(queries, masks, target, shadows, center="mean", pooled=True):
    ranked = []
    for scores in queries:
        mean, deviation = side(scores, masks, shadows, False, center, pooled)
        ranked.append((scores[target] - mean) / deviation)
    return np.mean(ranked, axis=0)


def rmia(probabilities, masks, target, shadows, a=0.3, gamma=1.0, queries="majority"):
    """The share of other items outside the target's training set that are dominated, pair by pair."""
    items = masks.shape[1]
    ratios = np.empty((len(probabilities), items))
    for query, p in enumerate(probabilities):
        for item in range(items):
            out = np.mean([p[m, item] for m in shadows if not masks[m, item]])
            ratios[query, item] = p[target, item] / (0.5 * ((1 + a) * out + 1 - a))
    scores = np.empty(items)
    for item in range(items):
        population = [z for z in range(items) if not masks[target, z] and z != item]
        if queries == "majority":
            votes = np.array([[ratios[q, item] >= gamma * ratios[q, z] for z in population] for q in range(len(ratios))])
            dominated = votes.sum(axis=0) > len(ratios) / 2
        else:
            dominated = [ratios[:, item].mean() >= gamma * ratios[:, z].mean() for z in population]
        scores[item] = np.mean(dominated)
    return scores


def figures(masks, ranked, subset):
    # Rounding to 12 digits restores ties that two orders of summation may break.
    pairs = [(mask[subset], np.round(np.asarray(scores)[subset], 12)) for mask, scores in zip(masks, ranked)]
    curves = [roc_curve(member, score, drop_intermediate=False) for member, score in pairs]
    at_tenth = [(tpr[fpr <= 0.1 + 1e-12].max(), fpr[fpr <= 0.1 + 1e-12].max()) for fpr, tpr, _ in curves]
    return {
        "areaUnderCurve": np.mean([roc_auc_score(member, score) for member, score in pairs]),
        "truePositiveRate": np.mean([tpr for tpr, _ in at_tenth]),
        "falsePositiveRate": np.mean([fpr for _, fpr in at_tenth]),
    }


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
    group = np.flatnonzero(generator.random(items) < 0.4)
    others = [
        (np.round((logits + generator.normal(0, 0.7, logits.shape)) * 8) / 8).astype(np.float32) for _ in range(2)
    ]
    traces = generator.gamma(2, 1, (MODELS, EPOCHS, items)) + masks[:, None, :] * np.arange(EPOCHS)[:, None]
    # Differences of these are exact, so that ties are ties everywhere.
    traces = np.round(traces * 1024) / 1024
    # A released model, and shadows that never saw an item; scores are mean log-likelihoods of sequences.
    released_masks = np.zeros((6, items), bool)
    released_masks[2] = masks[0]
    likelihoods = -np.abs(generator.normal(2, 0.6, (6, items)) + generator.normal(0, 0.5, items) - 0.8 * released_masks)

    queries = [logit_scaled(l.astype(np.float64), labels) for l in [logits, *others]]
    scores = queries[:1]
    probabilities = [special.expit(q) for q in queries]

    def against_all(attack):
        return [
            np.asarray(attack(t, [m for m in range(MODELS) if m // 2 != t // 2])).tolist() for t in range(MODELS)
        ]

    wide = logits.astype(np.float64)
    attacks = {
        "loss": against_all(lambda t, _: [wide[t, i, labels[i]] - special.logsumexp(wide[t, i]) for i in range(items)]),
        "lira": against_all(lambda t, s: lira(scores, masks, t, s)),
        "lira:variance=per-item": against_all(lambda t, s: lira(scores, masks, t, s, pooled=False)),
        "lira:center=median": against_all(lambda t, s: lira(scores, masks, t, s, center="median")),
        "lira:center=median:variance=per-item": against_all(
            lambda t, s: lira(scores, masks, t, s, center="median", pooled=False)
        ),
        "lira-offline": against_all(lambda t, s: lira_offline(scores, masks, t, s)),
        "lira-offline:center=median:variance=per-item": against_all(
            lambda t, s: lira_offline(scores, masks, t, s, center="median", pooled=False)
        ),
        "rmia": against_all(lambda t, s: rmia(probabilities[:1], masks, t, s)),
        "rmia:a=0.7:gamma=2.0": against_all(lambda t, s: rmia(probabilities[:1], masks, t, s, a=0.7, gamma=2)),
        "loss-trace": against_all(lambda t, _: stats.iqr(traces[t], axis=0)),
    }
    several = {
        "loss": against_all(lambda t, _: np.mean([np.log(p[t]) for p in probabilities], axis=0)),
        "lira": against_all(lambda t, s: lira(queries, masks, t, s)),
        "lira-offline": against_all(lambda t, s: lira_offline(queries, masks, t, s)),
        "rmia": against_all(lambda t, s: rmia(probabilities, masks, t, s)),
        "rmia:queries=mean": against_all(lambda t, s: rmia(probabilities, masks, t, s, queries="mean")),
    }
    shadows = [0, 1, 3, 4, 5]
    released = {
        "loss": [likelihoods[2].tolist()],
        "lira-offline": [lira_offline([likelihoods], released_masks, 2, shadows).tolist()],
        "rmia": [rmia([np.exp(likelihoods)], released_masks, 2, shadows).tolist()],
    }
    subsets = {"overall": np.arange(items), "group": group}
    golden = {
        "masks": masks.tolist(),
        "clusters": clusters.tolist(),
        "labels": labels.tolist(),
        "logits": [model.astype(float).ravel().tolist() for model in logits],
        "otherQueries": [[model.astype(float).ravel().tolist() for model in query] for query in others],
        "lossTraces": traces.tolist(),
        "likelihoods": likelihoods.tolist(),
        "releasedMasks": released_masks.tolist(),
        "group": group.tolist(),
        "confidences": scores[0].tolist(),
        "scores": {attack: ranked[:KEPT] for attack, ranked in attacks.items()},
        "scoresOfSeveralQueries": {attack: ranked[:KEPT] for attack, ranked in several.items()},
        "scoresOfReleased": released,
        "expected": {
            attack: {name: figures(masks, ranked, subset) for name, subset in subsets.items()}
            for attack, ranked in attacks.items()
        },
        "expectedOfReleased": {
            attack: {name: figures(released_masks[[2]], ranked, subset) for name, subset in subsets.items()}
            for attack, ranked in released.items()
        },
    }

    def plain(value):
        if isinstance(value, dict):
            return {key: plain(part) for key, part in value.items()}
        if isinstance(value, (list, tuple)):
            return [plain(part) for part in value]
        if isinstance(value, (float, np.floating)):
            return float(f"{value:.13g}")
        return value.item() if isinstance(value, np.generic) else value

    output = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else DEFAULT
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(json.dumps(plain(golden), allow_nan=False) + "\n")


if __name__ == "__main__":
    main()
