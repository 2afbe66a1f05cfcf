import numpy as np
import pytest

from ipdfer_mm.analysis.probes import (
    Factor,
    leakage_matrix,
    probe_score,
    yaw_r2,
)

SUBJECTS = np.repeat(np.arange(20), 10)
RNG = np.random.default_rng(0)
LABELS = RNG.integers(0, 4, 200)
ALL = np.ones(200, dtype=bool)
NOISE = RNG.normal(size=(200, 8))


def one_hot(labels):
    return np.eye(labels.max() + 1)[labels]


@pytest.mark.parametrize('kind', ['linear', 'mlp'])
@pytest.mark.parametrize('groups', [SUBJECTS, None])
def test_one_hot_features_are_read_and_noise_is_not(kind, groups):
    factor = Factor(LABELS, ALL, groups)
    result = probe_score(one_hot(LABELS), factor, kind)
    assert result == dict(
        score=1, std=0, uar=1, chance=0.25, splits=5, classes=4, images=200)
    assert abs(probe_score(NOISE, factor, kind)['score']) < 0.12


def test_a_factor_is_asked_of_other_subjects():
    """Each subject has one class: who knows the subject knows the class."""
    labels = (SUBJECTS % 4)
    feats = one_hot(SUBJECTS)
    assert probe_score(feats, Factor(labels, ALL))['score'] == 1
    assert probe_score(feats, Factor(labels, ALL, SUBJECTS))['score'] < 0.2


def test_only_the_mlp_reads_an_exclusive_or(rng):
    bits = rng.integers(0, 2, (400, 2))
    feats = 2 * bits - 1 + 0.1 * rng.normal(size=bits.shape)
    factor = Factor(bits[:, 0] ^ bits[:, 1], np.ones(400, dtype=bool))
    assert probe_score(feats, factor, 'mlp')['score'] > 0.9
    assert abs(probe_score(feats, factor, 'linear')['score']) < 0.3


def test_a_large_class_gives_nothing_away(rng):
    """Nine tenths in one class: accuracy would be 0.9 without features."""
    labels = (rng.random(200) < 0.1).astype(int)
    result = probe_score(NOISE, Factor(labels, ALL, SUBJECTS))
    assert abs(result['score']) < 0.4
    assert result['uar'] < 0.75


def test_unknown_labels_do_not_count():
    known = ALL.copy()
    known[::2] = False
    labels = np.where(known, LABELS, -100)
    result = probe_score(one_hot(LABELS), Factor(labels, known, SUBJECTS))
    assert (result['images'], result['classes']) == (100, 4)
    assert result['score'] == 1


def test_the_same_seed_gives_the_same():
    factor = Factor(LABELS, ALL, SUBJECTS)
    first, second = (probe_score(NOISE, factor, 'mlp', seed=3)
                     for _ in range(2))
    assert first == second


@pytest.mark.parametrize('factor, message', [
    (Factor(np.zeros(200), ALL), 'needs two classes'),
    (Factor(LABELS, ALL, np.zeros(200)), 'at least 2 subjects'),
    (Factor(np.arange(200), ALL), 'at least 2 images of each class'),
    (Factor(SUBJECTS % 2, ALL, SUBJECTS % 2), 'no part of the subjects'),
])
def test_what_cannot_be_split(factor, message):
    with pytest.raises(ValueError, match=message):
        probe_score(NOISE, factor)


def test_matrix_of_perfect_components(rng):
    yaw, expression = LABELS, rng.integers(0, 3, 200)
    factors = dict(identity=Factor(SUBJECTS, ALL),
                   yaw=Factor(yaw, ALL, SUBJECTS),
                   expression=Factor(expression, ALL, SUBJECTS))
    feats = dict(
        f_id=one_hot(SUBJECTS), f_pose=one_hot(yaw), f_exp=one_hot(expression))
    result = leakage_matrix(feats, factors)
    scores = np.array([[cell['score'] for cell in row.values()]
                       for row in result['cells'].values()])
    np.testing.assert_allclose(scores.diagonal(), 1)
    others = scores[~np.eye(3, dtype=bool)]
    assert np.abs(others).max() < 0.25
    # The margin of a full matrix: mean diagonal less the mean of the rest.
    assert result['mean_margin'] == pytest.approx(1 - others.mean())
    assert result['mean_margin'] == pytest.approx(
        np.mean(list(result['margin'].values())))


def test_matrix_of_one_component():
    factors = dict(yaw=Factor(LABELS, ALL, SUBJECTS))
    result = leakage_matrix(dict(f_exp=NOISE), factors)
    assert result['margin'] == {}
    assert result['mean_margin'] is None


def test_r2(rng):
    """Of a linear yaw, also where it is unknown at times, and of noise."""
    yaws = 30 * NOISE[:, 0] - 10 * NOISE[:, 3] + 5
    yaws[::3] = np.nan
    result = yaw_r2(NOISE, yaws, SUBJECTS)
    assert result['r2'] > 0.9999
    assert result['mae'] < 0.5
    assert yaw_r2(NOISE, rng.normal(size=200), SUBJECTS)['r2'] < 0.1
    # Of other subjects.
    of_subjects = rng.normal(size=20)[SUBJECTS]
    assert yaw_r2(one_hot(SUBJECTS), of_subjects, SUBJECTS)['r2'] < 0.1
