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


def effective_n(values, clusters):
    """The design effect through the F statistic of a one-way analysis of variance."""
    parts = [values[clusters == cluster] for cluster in np.unique(clusters)]
    sizes = np.array([len(part) for part in parts], float)
    n, k = sizes.sum(), len(sizes)
    seen = (sizes**2).sum() / n
    if n == k:
        return n
    if np.ptp(values) == 0 or k == 1:
        return n / seen
    f = stats.f_oneway(*parts).statistic
    if not np.isfinite(f):
        correlation = 1.0
    else:
        correlation = (f - 1) / (f - 1 + (n - seen) / (k - 1))
    return n / (1 + (seen - 1) * min(1, max(0, correlation)))


def proportion(values, clusters):
    if len(values) == 0:
        return None
    value, n = values.mean(), effective_n(values, clusters)
    lower, upper = proportion_confint(value * n, n, method="wilson")
    return {"n": len(values), "effectiveN": n, "value": value, "lower": lower, "upper": upper}


def ratio(found, counted, people, runs):
    """Σ found / Σ counted: linearized variance of whole people, Wilson's interval at the n that has it."""
    counted = np.asarray(counted, float)
    if counted.sum() == 0:
        return None
    value = found.sum() / counted.sum()
    totals = [(found[people == p].sum(), counted[people == p].sum()) for p in np.unique(people)]
    totals = np.array([t for t in totals if t[1] > 0])
    residuals = totals[:, 0] - value * totals[:, 1]
    k = len(totals)
    plain = runs == 1 and k == (counted > 0).sum()
    # The sample variance of the residuals, whose mean is zero, times the number of people.
    variance = k * residuals.var(ddof=0 if plain else min(1, k - 1)) / counted.sum() ** 2
    most = counted.sum() / runs
    if variance > 0 and k > 1:
        n = min(most, value * (1 - value) / variance)
    else:
        n = most if plain else min(most, k)
    lower, upper = proportion_confint(value * n, n, method="wilson")
    return {"n": int((counted > 0).sum()), "effectiveN": n, "value": value, "lower": lower, "upper": upper}


def rates(labels, correct, selected, people, runs=1):
    positive = labels == 1
    chosen, wanted = np.rint(selected * runs), positive * float(runs)
    found = np.where(positive, chosen, 0.0)
    union = ratio(found, chosen + wanted - found, people, runs)
    return {
        "precision": ratio(found, chosen, people, runs),
        "f1": union and [2 * union[key] / (1 + union[key]) for key in ("value", "lower", "upper")],
        "accuracy": proportion(correct, people),
        "truePositiveRate": proportion(selected[positive], people[positive]),
        "falsePositiveRate": proportion(selected[~positive], people[~positive]),
        "selectionRate": proportion(selected, people),
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
        correct = np.mean([prediction == labels for prediction in predictions], axis=0)
        selected = np.mean([prediction == 1 for prediction in predictions], axis=0)
        tone = np.full(len(labels), "")
        for column, value, members in groups:
            if column == "tone":
                tone[members] = value
        figures = [np.mean([calibration(run[s], labels[s]) for run in runs], axis=0) for s in subsets]
        result[arm] = {
            "overSeeds": [rates(labels[s], correct[s], selected[s], people[s], len(runs)) for s in subsets],
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
