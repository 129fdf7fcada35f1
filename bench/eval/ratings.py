"""Ratings of random battles by numpy, as data for a test.

    python bench/eval/ratings.py > crates/eval/tests/ratings.json

Elo's are those of his formula, game by game. The others maximise the likelihood of Bradley and Terry's model, where a
drawn game is half a win of either side and everybody has drawn one more game against a player of strength 1: Newton's
method on all battles at once, whose last steps take the gradient in extended precision. Neither looks at how Rust does it:
there are no tables of games, a battle is a row of a matrix.
"""

import json

import numpy as np

K = 24.0
SCALE = 400.0
# players, games, spread of strengths, share of ties; six so unequal that some never win, and seven in a chain: each meets
# the next one only
SIZES = [(2, 50, 50, 0.0), (3, 400, 150, 0.3), (5, 300, 300, 0.1), (8, 600, 400, 0.5), (6, 90, 900, 0.0), (7, 120, 100, 0.2)]


def elo(players: int, battles: list[tuple[int, int, float]]) -> list[float]:
    ratings = np.full(players, 1000.0)
    for left, right, score in battles:
        expected = 1 / (1 + 10 ** ((ratings[right] - ratings[left]) / SCALE))
        change = K * (score - expected)
        ratings[left] += change
        ratings[right] -= change
    return ratings.tolist()


def bradley_terry(players: int, battles: list[tuple[int, int, float]]) -> list[float]:
    # logistic regression: a battle is +1 for the left one and -1 for the right one; the last rows are the drawn games
    design = np.zeros((len(battles) + players, players))
    scores = np.full(len(battles) + players, 0.5)
    for row, (left, right, score) in enumerate(battles):
        design[row, left], design[row, right], scores[row] = 1, -1, score
    design[len(battles) :] = np.eye(players)
    exact, wide = design.astype(np.longdouble), np.zeros(players, dtype=np.longdouble)
    for _ in range(200):
        chance = 1 / (1 + np.exp(-(exact @ wide)))
        gradient = exact.T @ (scores - chance)
        weight = np.asarray(chance * (1 - chance), dtype=np.float64)
        step = np.linalg.solve(design.T @ (design * weight[:, None]), np.asarray(gradient, dtype=np.float64))
        wide += step / max(1.0, np.abs(step).max())
    assert np.abs(gradient).max() < 1e-13, gradient
    return [float(SCALE * (own - wide[0]) / np.log(np.longdouble(10))) for own in wide]


def main() -> None:
    draw = np.random.default_rng(7)
    cases = []
    for players, games, spread, ties in SIZES:
        strength = draw.normal(0, spread, players)
        battles = []
        for _ in range(games):
            left = int(draw.integers(players))
            chain = players == 7
            right = (left + 1) % players if chain else int((left + draw.integers(1, players)) % players)
            if chain and right == 0:
                continue
            wins = draw.random() < 1 / (1 + 10 ** ((strength[right] - strength[left]) / SCALE))
            battles.append((left, right, 0.5 if draw.random() < ties else float(wins)))
        rated = {"elo": elo(players, battles), "ratings": bradley_terry(players, battles)}
        cases.append({"players": players, "battles": battles, **rated})
    about = "`battles`: left, right, what the left one got. `elo`: begun with 1000, K = 24. `ratings`: above player 0."
    cases_text = ",\n".join(json.dumps(case) for case in cases)
    print(f'{{"about": {json.dumps(about)}, "cases": [\n{cases_text}\n]}}')


main()
