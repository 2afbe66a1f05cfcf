from collections import Counter
from itertools import groupby

import numpy as np
import pytest

from ipdfer_mm.geometry.yaw_bins import POSE_EDGES, TABLE_1, pose_class
from ipdfer_mm.rendering import Population
from ipdfer_mm.rendering.population import SPLITS, YAW_BINS
from ipdfer_mm.utils.expressions import EXPRESSIONS

SHAPES = 9


def specs(population, count=None):
    return [
        population.spec(
            picture, population.person(picture.person, SHAPES), 64)
        for picture in population.plan()[:count]
    ]


def numbers(spec):
    """All that a description draws, as a tuple."""
    return (*spec.person.identity, *spec.person.resting_face.items(),
            spec.person.texture_seed, *spec.expression.items(), spec.yaw,
            spec.pitch, spec.roll, spec.light, spec.seed)


@pytest.mark.parametrize('split', SPLITS)
def test_the_same_for_the_same_seed_only(split):
    first, again, other = (
        Population(split, 6, 20, seed) for seed in (3, 3, 4))
    assert first.plan() == again.plan() != other.plan()
    assert list(map(numbers, specs(first))) == list(
        map(numbers, specs(again)))
    pairs = zip(specs(first), specs(other))
    assert not any(a.seed == b.seed or a.person.texture_seed ==
                   b.person.texture_seed or a.light == b.light
                   for a, b in pairs)


def test_pictures_do_not_depend_on_their_order():
    population = Population('train', 5, 15)
    forwards = list(map(numbers, specs(population)))
    backwards = [
        numbers(population.spec(
            picture, population.person(picture.person, SHAPES), 64))
        for picture in reversed(population.plan())
    ]
    assert forwards == backwards[::-1]


def test_all_pictures_and_people_differ():
    drawn = [
        spec for split in SPLITS for spec in specs(Population(split, 10, 30))
    ]
    assert len({spec.seed for spec in drawn}) == 90
    assert len({spec.light for spec in drawn}) == 90
    assert len({abs(spec.yaw) for spec in drawn}) == 90
    assert len({spec.person.texture_seed for spec in drawn}) == 30


def test_nobody_is_in_two_splits():
    people = [
        {picture.person for picture in Population(split, 40, 80).plan()}
        for split in SPLITS
    ]
    assert [len(group) for group in people] == [40, 40, 40]
    assert len(set.union(*people)) == 120
    faces = {
        tuple(Population('train', 1, 1).person(person, SHAPES).identity)
        for person in set.union(*people)
    }
    assert len(faces) == 120


def test_first_people_stay_when_more_come():
    small, large = Population('train', 2, 4), Population('train', 50, 100)
    for a, b in zip(specs(small), specs(large, 4)):
        assert np.array_equal(a.person.identity, b.person.identity)
        assert (a.light, a.seed) == (b.light, b.seed)


def test_people_get_as_many_pictures():
    plan = Population('train', 7, 24).plan()
    names = [picture.name for picture in plan]
    assert len(set(names)) == 24 and sorted(names) == names
    groups = [list(group) for _, group in groupby(plan, lambda p: p.person)]
    assert len(groups) == 7
    assert {len(group) for group in groups} == {3, 4}
    for group in groups:
        assert [p.index for p in group] == list(range(len(group)))


def test_train_has_the_poses_of_rafdb():
    plan = Population('train', 1000, 3001).plan()
    counts = Counter(picture.yaw_bin for picture in plan)
    share = np.array(TABLE_1['rafdb']) / sum(TABLE_1['rafdb'])
    for i, expected in enumerate(3001 * share):
        assert abs(counts[i] - expected) <= 1
    shown = Counter(picture.expression for picture in plan)
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
@pytest.mark.parametrize('pictures', [350, 363])
def test_others_are_balanced(split, pictures):
    plan = Population(split, 50, pictures).plan()
    cells = Counter((p.expression, p.yaw_bin) for p in plan)
    assert len(cells) == 35
    assert set(cells.values()) <= {pictures // 35, -(-pictures // 35)}


def test_yaw_lies_in_its_bin_to_either_side():
    population = Population('test', 70, 350)
    plan, drawn = population.plan(), specs(population)
    assert [pose_class(spec.yaw) for spec in drawn] == [
        picture.yaw_bin for picture in plan
    ]
    yaws = np.array([spec.yaw for spec in drawn])
    assert 60 < np.abs(yaws).max() < YAW_BINS[-1][1] == 65
    assert 0.4 < (yaws > 0).mean() < 0.6
    assert tuple(low for low, _ in YAW_BINS[1:]) == POSE_EDGES
    pitch, roll = np.array([(s.pitch, s.roll) for s in drawn]).T
    assert np.abs(pitch).max() <= 12 and 4 < pitch.std() < 7
    assert np.abs(roll).max() <= 10 and 3.5 < roll.std() < 6


@pytest.mark.parametrize('args, message', [
    (('dev', 1, 1), "split is 'dev', not one of train, val, test"),
    (('train', 0, 1), 'num_people is 0, but must be 1 to 300000'),
    (('train', 300001, 300001), 'num_people is 300001'),
    (('train', 5, 4), 'num_pictures is 4, but must be at least num_people'),
    (('train', 1, 1, -1), 'seed is -1, but must not be negative'),
])
def test_errors(args, message):
    with pytest.raises(ValueError, match=message):
        Population(*args)
