"""Reference values for src/dedupe/verdict/proportions.ts and area-under-curve.ts, by SciPy: python test/oracles/proportions.py

Writes proportions.json beside itself. Made with SciPy 1.17.1.
"""

import json
from pathlib import Path

import numpy as np
from scipy.stats import binom, fisher_exact

tables = [
    (3, 4, 1, 4),
    (30, 1000, 2, 1000),
    (7, 200, 1, 96),
    (28, 200, 3, 91),
    (12, 1000, 49, 4000),
    (0, 50, 3, 60),
    (50, 50, 0, 30),
    (5, 5, 60, 60),
]
fisher = [
    {
        "outputs": {"count": a, "total": n},
        "other": {"count": b, "total": m},
        "p": float(fisher_exact([[a, n - a], [b, m - b]], alternative="greater")[1]),
    }
    for a, n, b, m in tables
]


def power(n, m, usual, share, level):
    """Chance that Fisher's test finds the outputs' share larger, by enumeration."""
    total = 0.0
    for b in range(m + 1):
        chance = binom.pmf(b, m, usual)
        if chance < 1e-12:
            continue
        needed = next((a for a in range(n + 1) if fisher_exact([[a, n - a], [b, m - b]], alternative="greater")[1] <= level), None)
        if needed is not None:
            total += chance * binom.sf(needed - 1, n, share)
    return float(total)


detectable = []
for n, b, m, level in [(60, 0, 40, 0.002), (100, 2, 50, 0.002), (200, 1, 96, 0.01)]:
    usual = b / m
    excess = next(e for e in range(1001) if power(n, m, usual, min(1.0, usual + e / 1000), level) >= 0.9)
    detectable.append({"total": n, "other": {"count": b, "total": m}, "level": level, "excess": excess / 1000})

def area(lower, higher):
    """Area under the ROC curve and DeLong's standard error, from all pairs."""
    psi = np.array([[1.0 if y > x else 0.5 if y == x else 0.0 for x in lower] for y in higher])
    of_higher, of_lower = psi.mean(axis=1), psi.mean(axis=0)
    error = (of_higher.var(ddof=1) / len(higher) + of_lower.var(ddof=1) / len(lower)) ** 0.5
    return {"lower": list(lower), "higher": list(higher), "value": float(psi.mean()), "error": float(error)}


random = np.random.default_rng(1)
areas = [
    area([1, 2, 3, 4, 5], [2, 3, 3, 6]),
    area(random.normal(0, 1, 30).round(1).tolist(), random.normal(0.5, 1, 20).round(1).tolist()),
    area(random.normal(0, 1, 12).round(2).tolist(), random.normal(0, 2, 40).round(2).tolist()),
]

path = Path(__file__).with_suffix(".json")
path.write_text(json.dumps({"fisher": fisher, "detectable": detectable, "areas": areas}, indent=2) + "\n")
