"""Writes n-grams.json: titles of a small vocabulary, and probabilities of n-gram models of them with interpolated modified
Kneser-Ney smoothing, computed in exact fractions by the formulas as Chen and Goodman (1998) print them, one sum at a time.

    python3 test/oracles/n-grams/make_fixture.py
"""

import json
import random
from collections import Counter
from fractions import Fraction
from pathlib import Path

VOCABULARY = 30
EDGE = 29  # starts and ends every title


def make_titles(generator, count):
    """Titles whose tokens follow each other as in text: few are frequent, so that counts of 1, 2, 3, 4 and more occur."""
    titles = []
    for _ in range(count):
        title = []
        while len(title) < 8 and generator.random() > 0.1:
            common = int(27 * generator.random() ** 4)
            title.append((title[-1] * 3 + 1) % 27 if title and generator.random() < 0.5 else common)
        titles.append(title)
    return titles + [[]]


class Model:
    def __init__(self, titles, order):
        self.order = order
        marked = [("<s>", *title, EDGE) for title in titles]
        occurs = {
            size: Counter(
                text[i : i + size] for text in marked for i in range(len(text) - size + 1) if text[i : i + size] != ("<s>",)
            )
            for size in range(1, order + 1)
        }
        self.counts = {order: occurs[order]}
        for size in range(1, order):
            self.counts[size] = {
                gram: times if gram[0] == "<s>" else len({longer[0] for longer in occurs[size + 1] if longer[1:] == gram})
                for gram, times in occurs[size].items()
            }
        self.discounts = {size: self.estimate(size) for size in self.counts}

    def estimate(self, size):
        n = Counter(self.counts[size].values())
        try:
            y = Fraction(n[1], n[1] + 2 * n[2])
            found = [k - (k + 1) * y * Fraction(n[k + 1], n[k]) for k in (1, 2, 3)]
        except ZeroDivisionError:
            found = [0]
        if all(d > 0 for d in found) and all(d <= k for k, d in enumerate(found, 1)):
            return found
        return [Fraction(1, 2), Fraction(1), Fraction(3, 2)]

    def probability(self, history, token):
        history = tuple(history[max(0, len(history) - self.order + 1) :])
        return self.interpolated(history, token)

    def interpolated(self, history, token):
        size = len(history) + 1
        lower = self.interpolated(history[1:], token) if history else Fraction(1, VOCABULARY)
        after = {gram[-1]: times for gram, times in self.counts[size].items() if gram[:-1] == history}
        total = sum(after.values())
        if total == 0:
            return lower
        d1, d2, d3 = self.discounts[size]
        times = after.get(token, 0)
        discount = {0: 0, 1: d1, 2: d2}.get(times, d3)
        n1 = sum(1 for c in after.values() if c == 1)
        n2 = sum(1 for c in after.values() if c == 2)
        n3 = sum(1 for c in after.values() if c >= 3)
        gamma = (d1 * n1 + d2 * n2 + d3 * n3) / total
        return Fraction(times - discount) / total + gamma * lower


def answers(titles, order, histories):
    model = Model(titles, order)
    rows = []
    for history in histories:
        row = [model.probability(["<s>", *history], token) for token in range(VOCABULARY)]
        assert sum(row) == 1
        rows.append([round(float(p), 13) for p in row])
    return {
        "order": order,
        "discounts": [[float(d) for d in model.discounts[size]] for size in sorted(model.discounts)],
        "probabilities": rows,
    }


def main():
    generator = random.Random(7)
    titles = make_titles(generator, 90)
    histories = [[], [0], [28], *[title[: generator.randint(1, len(title))] for title in titles[:6] if title], [28, 1], [1, 28]]
    sets = {"titles": titles, "few": titles[:3]}
    fixture = {
        "vocabularySize": VOCABULARY,
        "endOfTextId": EDGE,
        "histories": histories,
        "cases": [
            {"titles": chosen, "models": [answers(chosen, order, histories) for order in (1, 2, 3)]} for chosen in sets.values()
        ],
    }
    path = Path(__file__).with_name("n-grams.json")
    path.write_text(json.dumps(fixture) + "\n")


main()
