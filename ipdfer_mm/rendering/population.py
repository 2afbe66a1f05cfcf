"""The plan of a synthetic data set: who is seen how in which picture."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ipdfer_mm.geometry.yaw_bins import TABLE_1
from ipdfer_mm.utils.expressions import EXPRESSIONS

from .expressions import sample_expression
from .person import Person, sample_person
from .renderer import RenderSpec
from .scene import sample_light

SPLITS = ('train', 'val', 'test')
# Absolute yaw in degrees, [low, high).
YAW_BINS = ((0, 10), (10, 20), (20, 30), (30, 40), (40, 65))
# People are numbered through all splits, so that nobody is in two of them.
MAX_PEOPLE = 300_000


@dataclass(frozen=True)
class PlannedPicture:
    """One picture of a plan.

    Args:
        person (int): Number of the person, unique over all splits.
        index (int): Position among the pictures of the person, from 0.
        expression (str): Name out of ``EXPRESSIONS``.
        yaw_bin (int): Position in ``YAW_BINS``.
    """

    person: int
    index: int
    expression: str
    yaw_bin: int

    @property
    def subject(self) -> str:
        """Name of the person."""
        return f'person_{self.person:06d}'

    @property
    def name(self) -> str:
        """Name of the picture, unique over all splits."""
        return f'{self.subject}_{self.index:03d}'


@dataclass(frozen=True)
class Population:
    """People and pictures of one split, the same for the same arguments.

    Each person and each picture has random numbers of its own, made of the
    seed, the number of the person and the position of the picture. So neither
    depends on what else is rendered, in which order and by whom, and the
    first people of a larger population are those of a smaller one.

    Every person gets the same number of pictures, give or take one. In
    ``'train'`` the first seven pictures show all expressions, the next seven
    too, and so on; the yaw is distributed as in RAF-DB
    (``TABLE_1``). In ``'val'`` and ``'test'`` each 35 pictures, so
    counted, have all pairs of expression and yaw bin.

    Args:
        split (str): ``'train'``, ``'val'`` or ``'test'``; nobody is in two of
            them.
        num_people (int): Number of people, 1 to 300,000.
        num_pictures (int): Number of pictures of all people together.
        seed (int): Seed, >= 0.

    Raises:
        ValueError: If an argument is out of range; names it.
    """

    split: str
    num_people: int
    num_pictures: int
    seed: int = 0

    def __post_init__(self) -> None:
        if self.split not in SPLITS:
            raise ValueError(f'split is {self.split!r}, not one of '
                             f'{", ".join(SPLITS)}.')
        if not 1 <= self.num_people <= MAX_PEOPLE:
            raise ValueError(f'num_people is {self.num_people}, but must be '
                             f'1 to {MAX_PEOPLE}.')
        if self.num_pictures < self.num_people:
            raise ValueError(
                f'num_pictures is {self.num_pictures}, but must be at least '
                f'num_people, which is {self.num_people}: everyone has a '
                'picture.')
        if self.seed < 0:
            raise ValueError(f'seed is {self.seed}, but must not be negative.')

    def plan(self) -> list[PlannedPicture]:
        """List all pictures, person by person.

        Returns:
            list[PlannedPicture]: ``num_pictures`` pictures.
        """
        split = SPLITS.index(self.split)
        rng = self._rng(split)
        if self.split == 'train':
            expressions = _blocks(len(EXPRESSIONS), self.num_pictures, rng)
            bins = _shuffled_quotas(TABLE_1['rafdb'], self.num_pictures, rng)
        else:
            cells = _blocks(
                len(EXPRESSIONS) * len(YAW_BINS), self.num_pictures, rng)
            expressions, bins = np.divmod(cells, len(YAW_BINS))
        shown: Counter[int] = Counter()
        pictures = []
        for i in range(self.num_pictures):
            person = split * MAX_PEOPLE + (
                i * self.num_people // self.num_pictures)
            pictures.append(PlannedPicture(
                person, shown[person], EXPRESSIONS[expressions[i]],
                int(bins[i])))
            shown[person] += 1
        return pictures

    def person(self, number: int, identity_shapes: int) -> Person:
        """Draw a person.

        Args:
            number (int): ``PlannedPicture.person``.
            identity_shapes (int): Number of the face model's identity shapes.

        Returns:
            Person: The same for the same seed, number and model.
        """
        return sample_person(identity_shapes, self._rng(number, 0))

    def spec(self, picture: PlannedPicture, person: Person,
             size: int) -> RenderSpec:
        """Draw all that the plan of a picture leaves open.

        Args:
            picture (PlannedPicture): Of the plan.
            person (Person): The person with the picture's number.
            size (int): Side of the picture in pixels.

        Returns:
            RenderSpec: An aligned picture. Its yaw lies in the bin of the
            plan, to either side; pitch and roll are normal with deviations of
            6 and 5 degrees, cut at twice that.
        """
        rng = self._rng(picture.person, 1, picture.index)
        yaw = rng.choice([-1, 1]) * rng.uniform(*YAW_BINS[picture.yaw_bin])
        pitch, roll = np.clip(rng.standard_normal(2), -2, 2) * (6, 5)
        light, seed = sample_light(rng), int(rng.integers(2**31))
        # Last, so that the rest is the same whatever is shown.
        expression = sample_expression(picture.expression, rng)
        return RenderSpec(person, expression, float(yaw), float(pitch),
                          float(roll), light, seed, size, 'aligned')

    def _rng(self, *key: int) -> np.random.Generator:
        return np.random.default_rng(
            np.random.SeedSequence(self.seed, spawn_key=key))


def _blocks(classes: int, count: int, rng: np.random.Generator) -> np.ndarray:
    """Class indices (count, ), each block of ``classes`` a permutation."""
    blocks = [rng.permutation(classes) for _ in range(0, count, classes)]
    return np.concatenate(blocks)[:count]


def _shuffled_quotas(weights: Sequence[int], count: int,
                     rng: np.random.Generator) -> np.ndarray:
    """Class indices (count, ) in shares as near to the weights as can be."""
    edges = np.cumsum(weights) / np.sum(weights)
    ranks = (np.arange(count) + 0.5) / count
    return rng.permutation(np.searchsorted(edges, ranks))
