from collections import Counter
from itertools import groupby

import numpy as np
import pytest

from ipdfer_mm.geometry.yaw_bins import POSE_EDGES, TABLE_1, yaw_bin
from ipdfer_mm.rendering import Population
from ipdfer_mm.rendering.population import SPLITS, YAW_BINS
from ipdfer_mm.utils.expressions import EXPRESSIONS

SHAPES = 9


def describe(population, images):
    return [population.spec(
        image, population.subject(image.subject_number, SHAPES), 64)
        for image in images]


def specs(population, count=None):
    return describe(population, population.plan()[:count])


def numbers(spec):
    """All that a description draws, as a tuple."""
    return (*spec.subject.identity, *spec.subject.resting_face.items(),
            spec.subject.texture_seed, *spec.expression.items(), spec.yaw,
            spec.pitch, spec.roll, spec.light, spec.seed)


@pytest.mark.parametrize('split', SPLITS)
def test_the_same_for_the_same_seed_only(split):
    first, again, other = (
        Population(split, 6, 20, seed) for seed in (3, 3, 4))
    assert first.plan() == again.plan() != other.plan()
    assert list(map(numbers, specs(first))) == list(
        map(numbers, specs(again)))
    pairs = zip(specs(first), specs(other))
    assert not any(a.seed == b.seed or a.subject.texture_seed ==
                   b.subject.texture_seed or a.light == b.light
                   for a, b in pairs)


def test_images_do_not_depend_on_their_order():
    population = Population('train', 5, 15)
    forwards = specs(population)
    backwards = describe(population, population.plan()[::-1])
    assert list(map(numbers, forwards)) == list(map(numbers, backwards))[::-1]


def test_all_images_and_subjects_differ():
    drawn = [spec for split in SPLITS
             for spec in specs(Population(split, 10, 30))]
    for values in (lambda spec: spec.seed, lambda spec: spec.light,
                   lambda spec: abs(spec.yaw)):
        assert len(set(map(values, drawn))) == 90
    assert len({spec.subject.texture_seed for spec in drawn}) == 30


def test_no_subject_is_in_two_splits():
    subjects = [
        {image.subject_number for image in Population(split, 40, 80).plan()}
        for split in SPLITS]
    assert [len(group) for group in subjects] == [40, 40, 40]
    assert len(set.union(*subjects)) == 120
    faces = {
        tuple(Population('train', 1, 1).subject(subject, SHAPES).identity)
        for subject in set.union(*subjects)}
    assert len(faces) == 120


def test_first_subjects_stay_when_more_come():
    small, large = Population('train', 2, 4), Population('train', 50, 100)
    for a, b in zip(specs(small), specs(large, 4)):
        assert np.array_equal(a.subject.identity, b.subject.identity)
        assert (a.light, a.seed) == (b.light, b.seed)


def test_subjects_get_as_many_images():
    plan = Population('train', 7, 24).plan()
    names = [image.name for image in plan]
    assert len(set(names)) == 24 and sorted(names) == names
    groups = [list(group) for _, group in groupby(
        plan, lambda p: p.subject_number)]
    assert len(groups) == 7
    assert {len(group) for group in groups} == {3, 4}
    for group in groups:
        assert [p.index for p in group] == list(range(len(group)))


def test_train_has_the_poses_of_rafdb():
    plan = Population('train', 1000, 3001).plan()
    counts = Counter(image.yaw_bin for image in plan)
    share = np.array(TABLE_1['rafdb']) / sum(TABLE_1['rafdb'])
    for i, expected in enumerate(3001 * share):
        assert abs(counts[i] - expected) <= 1
    shown = Counter(image.expression for image in plan)
    assert set(shown) == set(EXPRESSIONS)
    assert max(shown.values()) - min(shown.values()) <= 1
    # Poses say nothing about expressions: chi-square with 24 degrees of
    # freedom exceeds 43 once in a hundred times.
    table = np.array([[
        sum(p.expression == name and p.yaw_bin == i for p in plan)
        for i in range(5)
    ] for name in EXPRESSIONS])
    expected = table.sum(1, keepdims=True) * table.sum(0) / table.sum()
    assert ((table - expected)**2 / expected).sum() < 43


@pytest.mark.parametrize('split', ['val', 'test'])
@pytest.mark.parametrize('images', [350, 363])
def test_others_are_balanced(split, images):
    plan = Population(split, 50, images).plan()
    cells = Counter((p.expression, p.yaw_bin) for p in plan)
    assert len(cells) == 35
    assert set(cells.values()) <= {images // 35, -(-images // 35)}


def test_yaw_lies_in_its_bin_to_either_side():
    population = Population('test', 70, 350)
    plan, drawn = population.plan(), specs(population)
    assert [yaw_bin(spec.yaw) for spec in drawn] == [
        image.yaw_bin for image in plan]
    yaws = np.array([spec.yaw for spec in drawn])
    assert 60 < np.abs(yaws).max() < YAW_BINS[-1][1] == 65
    assert 0.4 < (yaws > 0).mean() < 0.6
    assert tuple(low for low, _ in YAW_BINS[1:]) == POSE_EDGES
    pitch, roll = np.array([(s.pitch, s.roll) for s in drawn]).T
    assert np.abs(pitch).max() <= 12 and 4 < pitch.std() < 7
    assert np.abs(roll).max() <= 10 and 3.5 < roll.std() < 6


@pytest.mark.parametrize('args, message', [
    (('dev', 1, 1), "split is 'dev', not one of train, val, test"),
    (('train', 0, 1), 'num_subjects is 0, but must be 1 to 300000'),
    (('train', 300001, 300001), 'num_subjects is 300001'),
    (('train', 5, 4), 'num_images is 4, but must be at least num_subjects'),
    (('train', 1, 1, -1), 'seed is -1, but must not be negative'),
])
def test_errors(args, message):
    with pytest.raises(ValueError, match=message):
        Population(*args)
