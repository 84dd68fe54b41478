"""Computes group metrics with scikit-learn, fairlearn, statsmodels and scipy and writes the golden file of MetricsTests.

Usage: .python/bin/python scripts/oracles/fairness.py [OUTPUT]
"""

import json
import pathlib
import sys

import numpy as np
from fairlearn.metrics import (
    demographic_parity_difference,
    equal_opportunity_difference,
    equalized_odds_difference,
)
from scipy import optimize, special, stats
from sklearn.metrics import accuracy_score, brier_score_loss, f1_score, log_loss, precision_score, recall_score
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

from verdicts import MIN_SEEDS, proportion as plain_proportion

BINS = 15
DEFAULT = pathlib.Path(__file__).parents[2] / "Tests" / "MetricsTests" / "Golden" / "fairness.json"


def make_data(generator):
    """240 items of 60 people in two columns of groups, the second overlapping, seen by two arms with three seeds."""
    people = np.repeat(np.arange(60), 4)
    tone = np.repeat(generator.integers(0, 3, 60), 4)
    tags = {name: np.flatnonzero(generator.random(240) < share) for name, share in [("x", 0.5), ("y", 0.3)]}
    labels = generator.integers(0, 2, 240)
    offset = np.repeat(generator.normal(0, 1, 60), 4)
    groups = [("tone", str(value), np.flatnonzero(tone == value)) for value in range(3)]
    groups += [("tag", name, members) for name, members in tags.items()]
    arms = {}
    for arm, strength in [("full", 1.2), ("lora", 0.9)]:
        arms[arm] = []
        for _ in range(3):
            noise = generator.normal(0, 1, (240, 2))
            signal = strength * (2 * labels - 1) + 0.7 * offset - 0.3 * (tone == 2)
            logits = np.stack([-signal / 2, signal / 2], axis=1) + noise
            arms[arm].append(logits.astype(np.float32))
    return people, labels, groups, arms


def share(found, counted, people):
    """Σ found / Σ counted over [seed, item], with the interval by clusters and seeds that verdicts.py defines for plain
    proportions; a ratio's residuals are linearized (Cochran 1977), and an item counts by its mean over seeds."""
    found, counted = np.atleast_2d(np.asarray(found, float)), np.atleast_2d(np.asarray(counted, float))
    kept = counted.sum(axis=0) > 0
    if not kept.any():
        return None
    found, counted, people = found[:, kept], counted[:, kept], people[kept]
    seeds = len(found)
    members = (np.unique(people)[:, None] == people[None]).astype(float)
    count, items = members.shape
    value, n = found.sum() / counted.sum(), counted.sum() / seeds
    weights = counted.mean(axis=0)
    sizes = members @ weights
    seen = max(1.0, (sizes**2).sum() / n)
    clustered = count < items
    averages = found.mean(axis=0) / weights
    errors = np.count_nonzero(members @ (found.sum(axis=0) < counted.sum(axis=0)))
    successes = np.count_nonzero(members @ found.sum(axis=0))
    trust = min(errors, successes) ** 2 / (min(errors, successes) ** 2 + 8)
    estimate = 0.0
    if clustered:
        if np.ptp(averages) == 0 or count == 1:
            estimate = 1.0
        else:
            means = members @ (weights * averages) / sizes
            between = (sizes * (means - value) ** 2).sum() / (count - 1)
            within = (weights * (averages - means @ members) ** 2).sum() / (items - count)
            average = (n - seen) / (count - 1)
            estimate = min(1, max(0, (between - within) / (between + (average - 1) * within)))

    def effect(correlation):
        return 1 + (seen - 1) * correlation if clustered else 1.0

    correlation = trust * estimate + (1 - trust) / 2
    of_clusters = ((found.mean(axis=0) - value * weights) ** 2).sum() / n**2 * effect(correlation)
    cluster_freedom = min(count - 1, n**2 / (sizes**2).sum())
    variance, freedom = of_clusters, cluster_freedom
    normal = not clustered and seeds < MIN_SEEDS
    if seeds >= MIN_SEEDS:
        parts = (found - value * counted) @ members.T / n
        of_seeds = (parts.sum(axis=1) ** 2).sum() / (seeds * (seeds - 1))
        residual = parts - parts.mean(axis=0) - np.outer(parts.sum(axis=1), sizes / n)
        both = count / (seeds * (count - 1) * (seeds - 1)) * (residual**2).sum()
        variance = max(of_clusters, of_seeds, of_clusters + of_seeds - both)
        if variance > 0:
            freedom = variance**2 / (of_clusters**2 / cluster_freedom + of_seeds**2 / (seeds - 1))
    uniform = n / effect(0.5)
    effective = min(counted.sum(), value * (1 - value) / variance) if variance > 0 and 0 < value < 1 else uniform

    def wilson(value, n, freedom):
        quantile = stats.norm.ppf(0.975) if normal else stats.t.ppf(0.975, freedom)
        centre, half = value + quantile**2 / 2 / n, quantile * np.sqrt(value * (1 - value) / n + quantile**2 / 4 / n**2)
        return (centre - half) / (1 + quantile**2 / n), (centre + half) / (1 + quantile**2 / n)

    lower, upper = wilson(value, effective, freedom)
    if normal:
        assert np.allclose((lower, upper), proportion_confint(value * effective, effective, method="wilson"))
    lower, upper = min(lower, wilson(1.0, uniform, cluster_freedom)[0]), max(upper, wilson(0.0, uniform, cluster_freedom)[1])
    lower, upper = max(0.0, lower), min(1.0, upper)
    if (counted == 1).all():
        plain = plain_proportion(found, people)
        assert np.allclose(plain["interval"], (lower, upper), atol=1e-9), (plain, lower, upper, effective, variance, found.shape, count)
        assert np.isclose(plain["effectiveN"], effective)
    return {
        "n": items, "clusters": count, "effectiveN": effective, "value": value, "lower": lower, "upper": upper,
    }


def rates(labels, correct, selected, people):
    """Of one or several runs, [seed, item]."""
    correct, selected = np.atleast_2d(correct), np.atleast_2d(selected)
    positive = labels == 1
    found = np.where(positive, selected, 0.0)
    union = share(found, np.where(positive, 1.0, selected), people)

    def of(values, counted):
        return share(values[:, counted], np.ones_like(values[:, counted]), people[counted])

    everyone = np.ones(len(labels), bool)
    return {
        "precision": share(found, selected, people),
        "f1": union and [2 * union[key] / (1 + union[key]) for key in ("value", "lower", "upper")],
        "accuracy": of(correct, everyone),
        "truePositiveRate": of(selected, positive),
        "falsePositiveRate": of(selected, ~positive),
        "selectionRate": of(selected, everyone),
    }


def calibration(logits, labels):
    probabilities = special.softmax(logits.astype(np.float64), axis=1)
    confidence, correct = probabilities.max(axis=1), (probabilities.argmax(axis=1) == labels).astype(float)
    edges = np.arange(1, BINS) / BINS
    number = np.searchsorted(edges, confidence, side="left")
    bins = [np.flatnonzero(number == bin) for bin in range(BINS)]
    n = len(labels)
    error = sum(abs(correct[b].mean() - confidence[b].mean()) * len(b) / n for b in bins if len(b))
    merged, held = [], np.array([], int)
    for b in bins:
        held = np.concatenate([held, b])
        if len(held) >= 2:
            merged.append(held)
            held = np.array([], int)
    if len(held):
        merged[-1] = np.concatenate([merged[-1], held])
    # The unbiased variance of the outcomes is acc (1 − acc) n / (n − 1); divided by n it is the bias of the square.
    debiased = sum(
        len(b) / n * ((correct[b].mean() - confidence[b].mean()) ** 2 - correct[b].var(ddof=1) / len(b))
        for b in merged
    )
    return [error, debiased, confidence.mean() - correct.mean()]


def evaluate(people, labels, groups, arms):
    subsets = [np.arange(len(labels))] + [members for _, _, members in groups]
    result = {}
    for arm, runs in arms.items():
        predictions = [run.argmax(axis=1) for run in runs]
        for prediction in predictions:
            assert accuracy_score(labels, prediction) == np.mean(prediction == labels)
            assert recall_score(labels, prediction) == np.mean(prediction[labels == 1])
            found = rates(labels, (prediction == labels).astype(float), (prediction == 1).astype(float), people)
            assert np.isclose(precision_score(labels, prediction), found["precision"]["value"], rtol=1e-12)
            assert np.isclose(f1_score(labels, prediction), found["f1"][0], rtol=1e-12)
        correct = np.array([prediction == labels for prediction in predictions], float)
        selected = np.array([prediction == 1 for prediction in predictions], float)
        tone = np.full(len(labels), "")
        for column, value, members in groups:
            if column == "tone":
                tone[members] = value
        figures = [np.mean([calibration(run[s], labels[s]) for run in runs], axis=0) for s in subsets]
        result[arm] = {
            "overSeeds": [rates(labels[s], correct[:, s], selected[:, s], people[s]) for s in subsets],
            "seeds": [
                {
                    "rates": [
                        rates(labels[s], (p == labels)[s].astype(float), (p == 1)[s].astype(float), people[s])
                        for s in subsets
                    ],
                    "gaps": [
                        demographic_parity_difference(labels, p, sensitive_features=tone),
                        equal_opportunity_difference(labels, p, sensitive_features=tone),
                        equalized_odds_difference(labels, p, sensitive_features=tone),
                    ],
                }
                for p in predictions
            ],
            "calibration": [list(figure) for figure in figures],
        }
        accuracies = [[np.mean((p == labels)[s]) for p in predictions] for s in subsets]
        result[arm]["seedIntervals"] = [
            list(stats.t.interval(0.95, 2, np.mean(a), stats.sem(a))) for a in accuracies
        ]
    return result


def probability_scores(generator):
    """NLL, Brier score and its parts, equal-mass and classwise errors, and the best temperature, for five classes."""
    logits = generator.normal(0, 2, (300, 5)).astype(np.float32)
    labels = np.array([generator.choice(5, p=special.softmax(row / 1.7)) for row in logits.astype(np.float64)])

    def loss(temperature):
        return log_loss(labels, special.softmax(logits.astype(np.float64) / temperature, axis=1), labels=range(5))

    probabilities = special.softmax(logits.astype(np.float64), axis=1)
    confidence, correct = probabilities.max(axis=1), (probabilities.argmax(axis=1) == labels).astype(float)
    fit = optimize.minimize_scalar(lambda t: loss(np.exp(t)), bounds=(-4, 4), method="bounded", options={"xatol": 1e-12})
    edges = np.arange(1, BINS) / BINS

    def binned(stated, outcome):
        number = np.searchsorted(edges, stated, side="left")
        return sum(
            abs(outcome[number == b].sum() - stated[number == b].sum()) for b in range(BINS)
        ) / len(stated)

    # No two confidences are equal here, so equal masses are plain pieces of the sorted list.
    order = np.argsort(confidence)
    mass = sum(abs((correct - confidence)[piece].sum()) for piece in np.split(order, BINS)) / len(order)
    return {
        "logits": logits.astype(float).ravel().tolist(),
        "labels": labels.tolist(),
        "negativeLogLikelihood": loss(1.0),
        "brier": brier_score_loss(correct, confidence),
        "multiclassBrier": float(((probabilities - np.eye(5)[labels]) ** 2).sum(axis=1).mean()),
        "equalMassError": mass,
        "classwiseError": float(np.mean([binned(probabilities[:, c], (labels == c).astype(float)) for c in range(5)])),
        "temperature": float(np.exp(fit.x)),
        "lossAtTemperature": float(fit.fun),
    }


def paired_power(items, difference, discordance, family):
    """The exact power of McNemar's exact test, by summing both binomials of scipy."""
    power = 0.0
    for pairs in range(1, items + 1):
        fewer = np.arange(0, pairs // 2 + 1)
        rejected = fewer[2 * stats.binom.cdf(fewer, pairs, 0.5) <= 0.05 / family]
        if len(rejected):
            share = (discordance - difference) / 2 / discordance
            power += stats.binom.pmf(pairs, items, discordance) * stats.binom.cdf(rejected[-1], pairs, share)
    return float(power)


def closed_forms():
    questions = [(695, 0.03, 0.08, 1), (1200, 0.03, 0.08, 8), (40, 0.2, 0.3, 2), (5, 0.5, 0.9, 1)]
    pairs = [(10, 2), (5, 5), (40, 22), (0, 7), (1, 0), (300, 240)]
    shares = [(8, 10), (0, 10), (10, 10), (45, 50), (1, 1), (733, 1000)]
    families = [[0.01, 0.04, 0.03, 0.005], [0.9, 0.8], [0.02, 0.02, 0.02], [0.2]]
    betas = [(0.3, 2, 5), (0.01, 0.5, 10), (0.999, 40, 0.5), (0.5, 300, 241), (0.52, 5000, 4900)]
    return {
        "power": [[*question, paired_power(*question)] for question in questions],
        "mcNemar": [[b, c, float(mcnemar([[0, b], [c, 0]], exact=True).pvalue)] for b, c in pairs],
        "wilson": [[k, n, *proportion_confint(k, n, method="wilson")] for k, n in shares],
        "clopperPearson": [[k, n, *proportion_confint(k, n, method="beta")] for k, n in shares],
        "holm": [[family, list(multipletests(family, method="holm")[1])] for family in families],
        "beta": [[x, a, b, float(special.betainc(a, b, x))] for x, a, b in betas],
        "t": [[p, d, float(stats.t.ppf(p, d))] for p in (0.9, 0.975, 0.999) for d in (1, 2, 4, 29, 1000)],
        "normal": [[p, float(stats.norm.ppf(p))] for p in (1e-12, 0.001, 0.2, 0.5, 0.8, 0.975)],
        "logGamma": [[x, float(special.gammaln(x))] for x in (0.5, 1.0, 3.3, 11.9, 250.0, 1e6)],
    }


def main():
    people, labels, groups, arms = make_data(np.random.default_rng(20240517))
    golden = {
        "items": {
            "clusters": people.tolist(),
            "labels": labels.tolist(),
            "groups": [{"column": c, "value": v, "members": m.tolist()} for c, v, m in groups],
        },
        "logits": {arm: [run.astype(float).ravel().tolist() for run in runs] for arm, runs in arms.items()},
        "arms": evaluate(people, labels, groups, arms),
        "probabilityScores": probability_scores(np.random.default_rng(7)),
        "closedForms": closed_forms(),
    }
    output = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else DEFAULT
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(json.dumps(golden, indent=None, allow_nan=False, default=float) + "\n")


if __name__ == "__main__":
    main()
