"""Computes with numpy and scipy what attacks read where models are no complementary pairs, and the variance of their
figures over clusters and models, and writes the golden file of MembershipInferenceTests.

Which shadow models are left out, item by item and target by target:
- every item in equally many models: one model of the other side than the target's, the first one after the target (then
  from the first model on);
- items in about half of the models each: models of the fuller side, in that order, until both sides are equal;
- models that drew their items independently: none.
An item that fewer than two shadow models have, or are without, has no score against that target.

The variance of a figure: V = V_clusters + max(0, V_models - V_both). V_clusters is C/(C - 1) times the variance of the
resamples; V_models = (K - 1)/K sum (A_-k - mean)^2 over the K parts of the models that are left out, as targets and as
shadow models; V_both is the same of what resampling changes of A_-k, averaged over resamples, times C/(C - 1). Student's t
has Satterthwaite's V^2 / (V_clusters^2/(C - 1) + min(V_models, V)^2/(K - 1)) degrees of freedom. The interval of resampled
clusters reaches as much farther to both sides of the value as t sqrt(V) exceeds t_{C-1} sqrt(V_clusters).

Usage: .python/bin/python scripts/oracles/attack_variance.py [OUTPUT]
"""

import json
import pathlib
import sys

import numpy as np
from scipy import stats
from sklearn.metrics import roc_auc_score

DEFAULT = pathlib.Path(__file__).parents[2] / "Tests" / "MembershipInferenceTests" / "Golden" / "attack-variance.json"


def read_sides(masks, target, shadows, balance):
    """For each item the shadow models with it and without it that are read."""
    models = len(masks)
    order = sorted(shadows, key=lambda model: (model - target) % models)
    sides = []
    for item in range(masks.shape[1]):
        with_item = [m for m in order if masks[m, item]]
        without = [m for m in order if not masks[m, item]]
        if balance == "other-side":
            if masks[target, item]:
                without = without[1:]
            else:
                with_item = with_item[1:]
        elif balance == "equal":
            both = min(len(with_item), len(without))
            with_item, without = with_item[len(with_item) - both :], without[len(without) - both :]
        sides.append((with_item, without))
    return sides


def pooled(scores, sides, side):
    values = [scores[held[side], item] for item, held in enumerate(sides) if held[side]]
    freedom = sum(len(v) - 1 for v in values)
    return sum(((v - v.mean()) ** 2).sum() for v in values) / freedom if freedom else None


def lira(scores, sides, target, needed=2, variances=None):
    """Variances are those of `variances` where these shadow models are too few for any."""
    own = [pooled(scores, sides, side) for side in (0, 1)]
    own = [mine if mine is not None else variances[side] for side, mine in enumerate(own)]
    found = np.full(scores.shape[1], np.nan)
    for item, held in enumerate(sides):
        if min(len(held[0]), len(held[1])) >= needed:
            found[item] = stats.norm.logpdf(
                scores[target, item], scores[held[0], item].mean(), np.sqrt(own[0])
            ) - stats.norm.logpdf(scores[target, item], scores[held[1], item].mean(), np.sqrt(own[1]))
    return found


def offline(scores, sides, target):
    deviation = np.sqrt(pooled(scores, sides, 1))
    return np.array(
        [
            (scores[target, item] - scores[held[1], item].mean()) / deviation if len(held[1]) >= 2 else np.nan
            for item, held in enumerate(sides)
        ]
    )


def rmia(scores, sides, target, mask, a=0.3):
    p = 1 / (1 + np.exp(-scores))
    ratios = np.array(
        [
            p[target, item] / (0.5 * ((1 + a) * p[held[1], item].mean() + 1 - a)) if held[1] else np.nan
            for item, held in enumerate(sides)
        ]
    )
    found = np.full(len(ratios), np.nan)
    for item in np.flatnonzero(~np.isnan(ratios)):
        others = [z for z in range(len(ratios)) if not mask[z] and z != item and not np.isnan(ratios[z])]
        found[item] = np.mean([ratios[item] >= ratios[z] for z in others])
    return found


def area(scores, mask, subset):
    known = subset[~np.isnan(scores[subset])]
    return roc_auc_score(mask[known], np.round(scores[known], 12))


def fleet(generator, masks, leaks):
    items = masks.shape[1]
    return generator.normal(0, 1, items) + generator.normal(0, 1, masks.shape) + leaks[:, None] * masks


def fixed(generator, models, counts):
    masks = np.zeros((models, len(counts)), bool)
    for item, count in enumerate(counts):
        masks[generator.permutation(models)[:count], item] = True
    return masks


def unpaired(generator):
    items, cases = 60, {}
    designs = {
        "half": ("other-side", fixed(generator, 8, [4] * items)),
        "three-of-seven": ("other-side", fixed(generator, 7, [3] * items)),
        "about-half": ("equal", fixed(generator, 8, [3 + item % 3 for item in range(items)])),
        "independent": (None, generator.random((9, items)) < 0.5),
    }
    # One item that all models have but two.
    designs["independent"][1][:, 4] = True
    designs["independent"][1][[2, 6], 4] = False
    for name, (balance, masks) in designs.items():
        scores = fleet(generator, masks, np.full(len(masks), 0.8))
        sides = [
            read_sides(masks, t, [m for m in range(len(masks)) if m != t], balance) for t in range(len(masks))
        ]
        cases[name] = {
            "masks": masks,
            "scores": scores,
            "expected": {
                "lira": [lira(scores, sides[t], t) for t in range(len(masks))],
                "lira-offline": [offline(scores, sides[t], t) for t in range(len(masks))],
                "rmia": [rmia(scores, sides[t], t, masks[t]) for t in range(len(masks))],
            },
        }
    return cases


def paired(generator, models):
    """The areas with each pair left out, as targets and as shadow models."""
    items = 80
    masks = np.zeros((models, items), bool)
    for pair in range(models // 2):
        masks[2 * pair] = generator.random(items) < 0.5
        masks[2 * pair + 1] = ~masks[2 * pair]
    scores = fleet(generator, masks, generator.normal(1, 0.4, models))
    group = np.flatnonzero(generator.random(items) < 0.4)

    def areas(left_out, attack, subset):
        found = []
        for target in range(models):
            if target // 2 == left_out:
                continue
            whole = read_sides(masks, target, [m for m in range(models) if m // 2 != target // 2], None)
            sides = read_sides(
                masks, target, [m for m in range(models) if m // 2 not in (target // 2, left_out)], None
            )
            if attack == "loss":
                ranked = scores[target]
            else:
                variances = [pooled(scores, whole, side) for side in (0, 1)]
                ranked = lira(scores, sides, target, needed=1, variances=variances)
            found.append(area(ranked, masks[target], subset))
        return np.mean(found)

    return {
        "masks": masks,
        "scores": scores,
        "group": group,
        "areas": {
            attack: [
                [areas(pair, attack, subset) for pair in range(models // 2)] for subset in (np.arange(items), group)
            ]
            for attack in ("loss", "lira")
        },
    }


def variance(generator, clusters, parts, models_deviation):
    resampled = 0.6 + 0.02 * generator.normal(size=200)
    left_out = 0.6 + models_deviation * generator.normal(size=parts)
    left_out_resampled = left_out[:, None] + 0.004 * generator.normal(size=(parts, 50))

    def jackknife(values):
        return (parts - 1) / parts * ((values - values.mean(axis=0)) ** 2).sum(axis=0)

    factor = clusters / (clusters - 1)
    of_clusters = factor * resampled.var(ddof=1)
    of_models = jackknife(left_out)
    of_both = factor * jackknife(left_out_resampled - left_out[:, None]).mean()
    total = of_clusters + max(0, of_models - of_both)
    freedom = total**2 / (of_clusters**2 / (clusters - 1) + min(of_models, total) ** 2 / (parts - 1))
    reach = stats.t.ppf(0.975, freedom) * np.sqrt(total)
    ratio = max(1, reach / (stats.t.ppf(0.975, clusters - 1) * np.sqrt(of_clusters)))
    return {
        "clusters": clusters,
        "resampled": resampled,
        "leftOut": left_out,
        "leftOutResampled": left_out_resampled,
        "ofClusters": of_clusters,
        "ofModels": of_models,
        "ofBoth": of_both,
        "standardError": np.sqrt(total),
        "degreesOfFreedom": freedom,
        "reach": reach,
        # Of [.56, .65] about .6.
        "widened": [0.6 - ratio * 0.04, 0.6 + ratio * 0.05],
    }


def main():
    generator = np.random.default_rng(17)
    golden = {
        "unpaired": unpaired(generator),
        "paired": [paired(generator, models) for models in (6, 8)],
        "variances": [
            variance(generator, *case) for case in [(300, 4, 0.01), (300, 8, 0.001), (12, 4, 0.03), (40, 3, 0.0)]
        ],
    }

    def plain(value):
        if isinstance(value, dict):
            return {key: plain(part) for key, part in value.items()}
        if isinstance(value, (list, tuple, np.ndarray)):
            return [plain(part) for part in value]
        if isinstance(value, (float, np.floating)):
            return None if np.isnan(value) else float(f"{value:.13g}")
        return value.item() if isinstance(value, np.generic) else value

    output = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else DEFAULT
    output.write_text(json.dumps(plain(golden), allow_nan=False) + "\n")


if __name__ == "__main__":
    main()
