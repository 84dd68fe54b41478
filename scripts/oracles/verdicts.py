"""Computes the variances and intervals of verdicts with numpy, SciPy and statsmodels for StatisticsTests' golden file.

Usage: .python/bin/python scripts/oracles/verdicts.py [OUTPUT]

Notation. A table holds one score for every seed s, cluster c and item i of the cluster: x[s, c, i], from 0 to 1 for
proportions and from -1 to 1 for differences of two arms. All seeds score the same items. S seeds, C clusters, n_c
items in cluster c, N items in all; N m_s is the sum of seed s, D[s, c] the sum of its scores in a cluster, D[c] the
mean of D[s, c] over seeds, and m = sum_c D[c] / N the estimate.

Two-way variance of the estimate (clusters and seeds):

    V_c = (C - 1) / C sum_c (u_c / (1 - w_c))^2,   u_c = (D[c] - m n_c) / N,   w_c = n_c / N
    V_s = 1 / (S (S - 1)) sum_s (m_s - m)^2
    r[s, c] = C / N ((D[s, c] - m_s n_c) - (D[c] - m n_c))                     (sums to 0 over seeds and over clusters)
    MS = sum r^2 / ((S - 1) (C - 1))
    V = max(V_c, V_s, V_c + V_s - MS / (C S))

-u_c / (1 - w_c) is what the estimate moves by when cluster c is left out, so V_c is the jackknife's (CR3 of Bell and
McCaffrey 2002): a cluster with most of the items pulls the estimate to itself, and its linearized contribution alone
(Cochran 1977, chapter 6) shows (1 - w_c)^2 of its variance. With equal clusters both are the same, and r is the residual
of a two-way analysis of variance of cluster means. V_c and V_s each hold the
residual once, so one of them is taken away. Below `MIN_SEEDS` seeds the estimate is about these models, and V = V_c.

Degrees of freedom (Satterthwaite 1946): V^2 / (V_c^2 / f + V_s^2 / (S - 1)), or f where seeds do not count, with f =
min(C - 1, 1 / sum w_c^2): clusters count as no more than the equal ones that would vary as much.
The interval of a difference is m -+ t sqrt(V), within [-1, 1]; its p-value is that of t = m / sqrt(V), 1 where m = 0,
and 0 where V = 0 and m is not.

Proportion. The design effect 1 + (M - 1) rho with M = sum n_c^2 / N multiplies the variance of items, because the
correlation can be shrunk where u_c cannot:

    V_c = nu / N (1 + (M - 1) rho),   nu = sum over items of (v_i - m)^2 / N,  v_i the mean of an item over seeds
    rho = w rho_hat + (1 - w) / 2,    w = e^2 / (e^2 + 8)

rho_hat is the analysis of variance's intra-cluster correlation of v_i (Donner and Koval 1980), within [0, 1], and 1
where v_i do not vary. e is the number of clusters that hold an error in any run, or a success where those are fewer.
V as above from this V_c, with V_s and MS of the same table; the effective number is m (1 - m) / V, no more than
the N S predictions, and N / (1 + (M -
1) / 2) where m is 0 or 1. The interval is Wilson's at the effective number with Student's quantile; the normal one
only where every cluster is one item and there are fewer than `MIN_SEEDS` seeds. At last the lower bound is lowered to
that of the same clusters without an error (m = 1), and the upper one raised to that without a success. One cluster of
several items says nothing: [0, 1].

Holm's correction (1979) runs over the comparisons of groups that can get a verdict: as many items as `minimum_items`
and as many clusters as `minimum_clusters`. The others have no adjusted p-value.
"""

import json
import pathlib
import sys
import warnings

import numpy as np
import pandas
import statsmodels.api as sm
from scipy import stats
from statsmodels.formula.api import ols
from statsmodels.stats.anova import anova_lm
from statsmodels.stats.multitest import multipletests

DEFAULT = pathlib.Path(__file__).parents[2] / "Tests" / "StatisticsTests" / "Golden" / "verdicts.json"
MIN_SEEDS = 3


def indicators(clusters):
    """One row per cluster that has items, 1 for its items."""
    return (np.unique(clusters)[:, None] == np.asarray(clusters)[None]).astype(float)


def cluster_freedom(sizes):
    """The degrees of freedom of the variance over clusters."""
    return min(len(sizes) - 1, np.sum(sizes) ** 2 / np.sum(np.square(sizes)))


def two_way(values, clusters, cluster_variance=None):
    """The variance components of the mean of `values` [seed, item] and its degrees of freedom.

    `cluster_variance` replaces V_c where the caller knows a better one.
    """
    values = np.asarray(values, float)
    member = indicators(clusters)
    seeds, items = values.shape
    sizes, count = member.sum(axis=1), len(member)
    cells = values @ member.T
    means, estimate = values.mean(axis=1), values.mean()
    together = cells.mean(axis=0) - estimate * sizes
    found = {
        "estimate": estimate,
        "clusterVariance": (count - 1) / count * np.sum((together / (items - sizes)) ** 2) if count > 1 else None,
        "seedVariance": means.var(ddof=1) / seeds if seeds > 1 else None,
        "residualMeanSquare": None,
    }
    v_c = found["clusterVariance"] if cluster_variance is None else cluster_variance
    if count < 2:
        return found | {"variance": None, "degreesOfFreedom": None}
    if seeds < MIN_SEEDS:
        return found | {"variance": v_c, "degreesOfFreedom": cluster_freedom(sizes)}
    residual = count / items * (cells - np.outer(means, sizes) - together[None])
    assert np.allclose(residual.sum(axis=0), 0) and np.allclose(residual.sum(axis=1), 0)
    square = np.sum(residual**2) / ((seeds - 1) * (count - 1))
    v_s = found["seedVariance"]
    variance = max(v_c, v_s, v_c + v_s - square / (count * seeds))
    freedom = variance**2 / (v_c**2 / cluster_freedom(sizes) + v_s**2 / (seeds - 1)) if variance > 0 else None
    return found | {"residualMeanSquare": square, "variance": variance, "degreesOfFreedom": freedom}


def difference(values, clusters):
    """The two-way t interval of a mean difference and its p-value."""
    found = two_way(values, clusters)
    if found["variance"] is None:
        return found | {"interval": None, "pValue": None}
    estimate, error, freedom = found["estimate"], np.sqrt(found["variance"]), found["degreesOfFreedom"]
    if error == 0:
        return found | {"interval": [estimate, estimate], "pValue": 1.0 if estimate == 0 else 0.0}
    half = stats.t.ppf(0.975, freedom) * error
    p_value = 2 * stats.t.sf(abs(estimate) / error, freedom)
    return found | {"interval": [max(-1, estimate - half), min(1, estimate + half)], "pValue": p_value}


def correlation(values, clusters):
    """The intra-cluster correlation of a one-way analysis of variance, within [0, 1]."""
    member = indicators(clusters)
    sizes, items, count = member.sum(axis=1), member.sum(), len(member)
    means = member @ values / sizes
    between = np.sum(sizes * (means - values.mean()) ** 2) / (count - 1)
    within = np.sum((values - means @ member) ** 2) / (items - count)
    average = (items - np.sum(sizes**2) / items) / (count - 1)
    below = between + (average - 1) * within
    return min(1.0, max(0.0, (between - within) / below)) if below > 0 else 1.0


def wilson(value, n, quantile):
    scale = 1 + quantile**2 / n
    centre = (value + quantile**2 / (2 * n)) / scale
    half = quantile * np.sqrt(value * (1 - value) / n + quantile**2 / (4 * n**2)) / scale
    return [0.0 if value == 0 else centre - half, 1.0 if value == 1 else centre + half]


def proportion(runs, clusters, confidence=0.95):
    """A share of items over `runs` [seed, item], with its interval by clusters and seeds."""
    runs = np.asarray(runs, float)
    member = indicators(clusters)
    seeds, items = runs.shape
    sizes, count = member.sum(axis=1), len(member)
    averages, value = runs.mean(axis=0), runs.mean()
    seen = np.sum(sizes**2) / items
    tail = 0.5 + confidence / 2
    single = count == items
    errors = np.count_nonzero(member @ (averages < 1))
    successes = np.count_nonzero(member @ (averages > 0))
    shown = min(errors, successes)
    weight = shown**2 / (shown**2 + 8)
    found = {"value": value, "itemsSeen": seen, "shownClusters": shown}
    if count == 1 and not single:
        return found | {"correlation": None, "effectiveN": None, "degreesOfFreedom": None, "interval": [0.0, 1.0]}
    rho = 0.0 if single else weight * correlation(averages, clusters) + (1 - weight) / 2
    normal = single and seeds < MIN_SEEDS
    plain = items if single else items / (1 + (seen - 1) / 2)
    plain_quantile = stats.norm.ppf(tail) if normal else stats.t.ppf(tail, cluster_freedom(sizes))
    without_error = wilson(1.0, plain, plain_quantile)
    without_success = wilson(0.0, plain, plain_quantile)
    if value in (0, 1):
        effective, freedom = plain, None if normal else cluster_freedom(sizes)
    else:
        v_c = averages.var() / items * (1 + (seen - 1) * rho)
        parts = two_way(runs, clusters, cluster_variance=v_c)
        # No variance: every item is right in the same share of the runs.
        effective = plain
        if parts["variance"] > 0:
            effective = min(runs.size, value * (1 - value) / parts["variance"])
        freedom = None if normal else (parts["degreesOfFreedom"] or cluster_freedom(sizes))
    quantile = stats.norm.ppf(tail) if freedom is None else stats.t.ppf(tail, freedom)
    lower, upper = wilson(value, effective, quantile)
    return found | {
        "correlation": rho,
        "effectiveN": effective,
        "degreesOfFreedom": freedom,
        "interval": [min(lower, without_error[0]), max(upper, without_success[1])],
    }


def cluster_robust(values, clusters):
    """Variances of the mean as statsmodels computes them: by cluster, by seed, and Cameron, Gelbach and Miller's of both,
    which takes away the variance of whole cells where this project takes away their residual."""
    values = np.asarray(values, float)
    seeds, items = values.shape
    by_cluster = np.tile(np.unique(clusters, return_inverse=True)[1], seeds)
    by_seed = np.repeat(np.arange(seeds), items)
    model = sm.OLS(values.ravel(), np.ones(values.size))

    def variance(groups):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return float(model.fit(cov_type="cluster", cov_kwds={"groups": groups}).cov_params()[0, 0])

    cells = by_seed * (by_cluster.max() + 1) + by_cluster
    found = {"clusters": variance(by_cluster), "seeds": None, "twoWay": None}
    if seeds > 1:
        found["seeds"] = variance(by_seed)
        found["twoWay"] = variance(np.column_stack([by_cluster, by_seed]))
        assert np.isclose(found["twoWay"], found["clusters"] + found["seeds"] - variance(cells), atol=1e-15)
    return found


def check(values, clusters, found):
    """Own variances against those of statsmodels, and V_c against leaving out one cluster after the other."""
    robust = cluster_robust(values, clusters)
    values, seeds = np.asarray(values, float), len(values)
    moved = [values[:, clusters != c].mean() - values.mean() for c in np.unique(clusters)]
    jackknife = (len(moved) - 1) / len(moved) * np.sum(np.square(moved))
    assert np.isclose(found["clusterVariance"], jackknife, rtol=1e-9, atol=1e-15)
    if np.ptp(indicators(clusters).sum(axis=1)) == 0:
        assert np.isclose(found["clusterVariance"], robust["clusters"], rtol=1e-9, atol=1e-15)
    if seeds > 1:
        assert np.isclose(found["seedVariance"], robust["seeds"], rtol=1e-9, atol=1e-15)
    member = indicators(clusters)
    if seeds >= MIN_SEEDS and np.ptp(member.sum(axis=1)) == 0 and np.ptp(values) > 0:
        means = np.asarray(values) @ member.T / member.sum(axis=1)
        frame = pandas.DataFrame(
            {
                "y": means.ravel(),
                "seed": np.repeat(np.arange(seeds), len(member)),
                "cluster": np.tile(np.arange(len(member)), seeds),
            }
        )
        table = anova_lm(ols("y ~ C(seed) + C(cluster)", frame).fit())
        assert np.isclose(found["residualMeanSquare"], table.loc["Residual", "mean_sq"], rtol=1e-6, atol=1e-12)
    return robust


def sizes_of(kind):
    return {
        "pairs": [1] * 40,
        "three": [7, 7, 7],
        "equal": [6] * 10,
        "unequal": [1, 2, 3, 5, 8, 13, 2, 2],
        "one large": [60, 5, 5, 5, 5, 5, 5],
        "two": [4, 9],
    }[kind]


def draw(generator, kind, seeds, accuracy, harm):
    """Correctness of two arms by seed and item, whose clusters and seeds matter."""
    sizes = sizes_of(kind)
    clusters = np.repeat(np.arange(len(sizes)), sizes)
    items = len(clusters)
    shared = generator.normal(0, 0.6, len(sizes))[clusters] + generator.normal(0, 0.6, items)
    arms = []
    for share in (accuracy, accuracy - harm):
        own = generator.normal(0, 0.3, len(sizes))[clusters]
        moved = generator.normal(0, 0.2, (seeds, 1))
        noise = generator.normal(0, 0.5, (seeds, items))
        arms.append((shared + own + noise + moved <= stats.norm.ppf(share)).astype(int))
    return clusters, arms[0], arms[1]


def tables(generator):
    drawn = []
    for kind in ("pairs", "three", "equal", "unequal", "one large", "two"):
        for seeds in (1, 2, 3, 5, 10):
            accuracy, harm = generator.uniform(0.6, 0.97), generator.uniform(0, 0.3)
            drawn.append((f"{kind}, {seeds} seeds", *draw(generator, kind, seeds, accuracy, harm)))
    return drawn


def edges():
    """Tables by hand: name, clusters, reference, arm."""
    def table(kind, seeds, wrong):
        clusters = np.repeat(np.arange(len(sizes_of(kind))), sizes_of(kind))
        arm = np.ones((seeds, len(clusters)), int)
        for seed, item in wrong:
            arm[seed, item] = 0
        return clusters, np.ones_like(arm), arm

    found = []
    for kind in ("pairs", "three", "equal", "one large"):
        for seeds in (1, 3, 5):
            everyone = [(s, i) for s in range(seeds) for i in range(sum(sizes_of(kind)))]
            found += [
                (f"{kind}, {seeds} seeds, all right", *table(kind, seeds, [])),
                (f"{kind}, {seeds} seeds, one error", *table(kind, seeds, [(0, 0)])),
                (f"{kind}, {seeds} seeds, one item wrong", *table(kind, seeds, [(s, 0) for s in range(seeds)])),
                (f"{kind}, {seeds} seeds, two errors apart", *table(kind, seeds, [(0, 0), (seeds - 1, -1)])),
                (f"{kind}, {seeds} seeds, all wrong", *table(kind, seeds, everyone)),
                (f"{kind}, {seeds} seeds, one success", *table(kind, seeds, everyone[1:])),
            ]
    found.append(("every item right in one of two runs", *table("equal", 2, [(0, i) for i in range(60)])))
    found.append(("a seed that is wholly wrong", *table("equal", 3, [(2, i) for i in range(60)])))
    return found


def measured(name, clusters, reference, arm):
    gaps = arm - reference
    found = difference(gaps, clusters)
    return {
        "name": name,
        "clusters": clusters.tolist(),
        "reference": reference.tolist(),
        "arm": arm.tolist(),
        "difference": found,
        "clusterRobust": check(gaps, clusters, found),
        "proportion": proportion(arm, clusters),
        "proportionAt80": proportion(arm, clusters, confidence=0.8),
    }


def families(generator):
    """Groups of some items and clusters with a p-value each, and Holm's correction of those that can get a verdict."""
    found = []
    for count in (1, 4, 9, 64):
        p_values = generator.beta(0.4, 2, count)
        items, clusters = generator.integers(1, 120, count), generator.integers(1, 40, count)
        clusters = np.minimum(items, clusters)
        can = (items >= 30) & (clusters >= 10)
        adjusted = [None] * count
        if can.any():
            for group, value in zip(np.flatnonzero(can), multipletests(p_values[can], method="holm")[1]):
                adjusted[group] = float(value)
        found.append(
            {
                "minimumItems": 30,
                "minimumClusters": 10,
                "items": items.tolist(),
                "clusters": clusters.tolist(),
                "pValues": p_values.tolist(),
                "adjusted": adjusted,
            }
        )
    return found


def simulated_power(generator, audits=20_000):
    """How often the two-way t test rejects at .05 / family, in the difference's direction, for normal differences.

    A difference of an item under a seed is difference + seed + item + residual; `agreement` is the share of the variance of
    items, discordance - difference^2, that the seeds have in common. Clusters of size M and intra-cluster correlation
    rho are drawn as their means.
    """
    questions = [
        # difference, discordance, family, cluster size, correlation, seeds, deviation, agreement, items
        (0.03, 0.08, 1, 1, 0, 5, 0.01, 1, 859),
        (0.03, 0.08, 1, 1, 0, 5, 0.01, 0.3, 439),
        (0.03, 0.08, 8, 4, 0.3, 10, 0.02, 0.5, 2000),
        (0.05, 0.1, 2, 1, 0, 3, 0.01, 0.5, 400),
        (0.1, 0.2, 1, 5, 0.2, 3, 0.03, 0.5, 100),
        (0.1, 0.3, 1, 10, 0.1, 8, 0.02, 0.2, 120),
    ]
    found = []
    for difference, discordance, family, size, rho, seeds, deviation, agreement, items in questions:
        count = items // size
        variance = (discordance - difference**2) * (1 + (size - 1) * rho) / size
        rejected = 0
        for _ in range(audits // 500):
            seed = generator.normal(0, deviation, (500, seeds, 1)) if deviation else 0
            cells = (
                difference
                + seed
                + generator.normal(0, np.sqrt(variance * agreement), (500, 1, count))
                + generator.normal(0, np.sqrt(variance * (1 - agreement)), (500, seeds, count))
            )
            over_seeds, over_clusters = cells.mean(axis=2), cells.mean(axis=1)
            estimate = cells.mean(axis=(1, 2))
            v_c, v_s = over_clusters.var(axis=1, ddof=1) / count, over_seeds.var(axis=1, ddof=1) / seeds
            residual = cells - over_clusters[:, None] - over_seeds[:, :, None] + estimate[:, None, None]
            square = (residual**2).sum(axis=(1, 2)) / ((seeds - 1) * (count - 1))
            v = np.maximum(np.maximum(v_c, v_s), v_c + v_s - square / (count * seeds))
            freedom = v**2 / (v_c**2 / (count - 1) + v_s**2 / (seeds - 1))
            rejected += np.sum(stats.t.sf(estimate / np.sqrt(v), freedom) < 0.025 / family)
        question = (difference, discordance, family, size, rho, seeds, deviation, agreement, items)
        found.append([*question, rejected / (audits // 500 * 500)])
    return found


def hand_checks():
    """What the formulas say of tables small enough to calculate on paper."""
    # Two seeds' worth of nothing: three clusters of one, seeds 0, 1, 2 with differences (0 0 3), (0 3 0), (3 0 0) / 3.
    latin = np.array([[0, 0, 1], [0, 1, 0], [1, 0, 0]])
    found = two_way(latin, [0, 1, 2])
    # No cluster and no seed differs from another: V_c = V_s = 0, and what varies is residual.
    assert found["clusterVariance"] == 0 and found["seedVariance"] == 0 and found["variance"] == 0
    assert np.isclose(found["residualMeanSquare"], (3 * (2 / 3) ** 2 + 6 * (1 / 3) ** 2) / 4)
    # Seeds alone: m_s = 0, 1, 2 thirds; s^2 = 1/9, V = s^2 / 3, and two degrees of freedom.
    found = difference(np.array([[0] * 6, [1 / 3] * 6, [2 / 3] * 6]), [0, 0, 1, 1, 2, 2])
    assert np.isclose(found["variance"], 1 / 27) and np.isclose(found["degreesOfFreedom"], 2)
    assert np.isclose(found["pValue"], 2 * stats.t.sf((1 / 3) / np.sqrt(1 / 27), 2))
    # Clusters of unequal size whose items all differ by the same: nothing varies.
    found = two_way(np.array([[1, 1, 1, 1, 1, 1]]), [0, 1, 1, 2, 2, 2])
    assert found["variance"] == 0 and found["degreesOfFreedom"] == 2
    # Ten people of 100 pictures, all right: rho is 1/2, M 100, n' = 1,000 / 50.5, t of 9 degrees is 2.262157.
    people = np.repeat(np.arange(10), 100)
    right = np.ones((1, 1000))
    effective, t = 1000 / 50.5, 2.2621571628
    assert np.allclose(proportion(right, people)["interval"], [effective / (effective + t**2), 1])
    wrong = right.copy()
    wrong[0, 0] = 0
    assert proportion(wrong, people)["interval"][0] <= proportion(right, people)["interval"][0]
    # Wilson's own: 45 of 50.
    assert np.allclose(
        proportion(np.array([[1] * 45 + [0] * 5]), range(50))["interval"], [0.786398, 0.956524], atol=5e-7
    )


def plain(value):
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, np.integer):
        return int(value)
    return float(value) if isinstance(value, np.floating) else value


def main():
    hand_checks()
    generator = np.random.default_rng(17)
    golden = {
        "tables": [measured(*table) for table in tables(generator) + edges()],
        "families": families(generator),
        "power": simulated_power(np.random.default_rng(18)),
    }
    output = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else DEFAULT
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(json.dumps(plain(golden), allow_nan=False) + "\n")


if __name__ == "__main__":
    main()
