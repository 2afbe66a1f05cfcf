"""Plan of a synthetic dataset: subject, pose, expression of each image."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ipdfer_mm.geometry.yaw_bins import TABLE_1
from ipdfer_mm.utils.expressions import EXPRESSIONS

from .expressions import sample_expression
from .renderer import RenderSpec
from .scene import sample_light
from .subject import Subject, sample_subject

SPLITS = ('train', 'val', 'test')
# Absolute yaw in degrees, [low, high).
YAW_BINS = ((0, 10), (10, 20), (20, 30), (30, 40), (40, 65))
# Subjects are numbered through all splits, so that none is in two of them.
MAX_SUBJECTS = 300_000


@dataclass(frozen=True)
class PlannedImage:
    """One image of a plan.

    Args:
        subject_number (int): Number of the subject, unique over all splits.
        index (int): Position among the images of the subject, from 0.
        expression (str): Name out of ``EXPRESSIONS``.
        yaw_bin (int): Position in ``YAW_BINS``.
    """

    subject_number: int
    index: int
    expression: str
    yaw_bin: int

    @property
    def subject(self) -> str:
        """Name of the subject."""
        return f'person_{self.subject_number:06d}'

    @property
    def name(self) -> str:
        """Name of the image, unique over all splits."""
        return f'{self.subject}_{self.index:03d}'


@dataclass(frozen=True)
class Population:
    """Subjects and images of one split, the same for the same arguments.

    Each subject and each image has random numbers of its own, made of the
    seed, the number of the subject and the position of the image. So neither
    depends on what else is rendered, in which order and by which process, and
    the first subjects of a larger population are those of a smaller one.

    Every subject gets the same number of images, give or take one. In
    ``'train'`` the first seven images show all expressions, the next seven
    too, and so on; the yaw is distributed as in RAF-DB
    (``TABLE_1``). In ``'val'`` and ``'test'`` each 35 images, so
    counted, have all pairs of expression and yaw bin.

    Args:
        split (str): ``'train'``, ``'val'`` or ``'test'``; none is in two of
            them.
        num_subjects (int): Number of subjects, 1 to 300,000.
        num_images (int): Number of images of all subjects together.
        seed (int): Seed, >= 0.

    Raises:
        ValueError: If an argument is out of range; names it.
    """

    split: str
    num_subjects: int
    num_images: int
    seed: int = 0

    def __post_init__(self) -> None:
        if self.split not in SPLITS:
            raise ValueError(f'split is {self.split!r}, not one of '
                             f'{", ".join(SPLITS)}.')
        if not 1 <= self.num_subjects <= MAX_SUBJECTS:
            raise ValueError(f'num_subjects is {self.num_subjects}, but must '
                             f'be 1 to {MAX_SUBJECTS}.')
        if self.num_images < self.num_subjects:
            raise ValueError(
                f'num_images is {self.num_images}, but must be at least '
                f'num_subjects, which is {self.num_subjects}: each has an '
                'image.')
        if self.seed < 0:
            raise ValueError(f'seed is {self.seed}, but must not be negative.')

    def plan(self) -> list[PlannedImage]:
        """List all images, subject by subject.

        Returns:
            list[PlannedImage]: ``num_images`` images.
        """
        split = SPLITS.index(self.split)
        rng = self._rng(split)
        if self.split == 'train':
            expressions = _blocks(len(EXPRESSIONS), self.num_images, rng)
            bins = _shuffled_quotas(TABLE_1['rafdb'], self.num_images, rng)
        else:
            cells = _blocks(
                len(EXPRESSIONS) * len(YAW_BINS), self.num_images, rng)
            expressions, bins = np.divmod(cells, len(YAW_BINS))
        shown: Counter[int] = Counter()
        images = []
        for i in range(self.num_images):
            subject = split * MAX_SUBJECTS + (
                i * self.num_subjects // self.num_images)
            images.append(PlannedImage(
                subject, shown[subject], EXPRESSIONS[expressions[i]],
                int(bins[i])))
            shown[subject] += 1
        return images

    def subject(self, number: int, identity_shapes: int) -> Subject:
        """Draw a subject.

        Args:
            number (int): ``PlannedImage.subject_number``.
            identity_shapes (int): Number of the face model's identity shapes.

        Returns:
            Subject: The same for the same seed, number and model.
        """
        return sample_subject(identity_shapes, self._rng(number, 0))

    def spec(self, image: PlannedImage, subject: Subject,
             size: int) -> RenderSpec:
        """Draw all that the plan of an image leaves open.

        Args:
            image (PlannedImage): Of the plan.
            subject (Subject): The subject with the image's number.
            size (int): Side of the image in pixels.

        Returns:
            RenderSpec: An aligned image. Its yaw lies in the bin of the
            plan, to either side; pitch and roll are normal with deviations of
            6 and 5 degrees, cut at twice that.
        """
        rng = self._rng(image.subject_number, 1, image.index)
        yaw = rng.choice([-1, 1]) * rng.uniform(*YAW_BINS[image.yaw_bin])
        pitch, roll = np.clip(rng.standard_normal(2), -2, 2) * (6, 5)
        light, seed = sample_light(rng), int(rng.integers(2**31))
        # Last, so that the rest is the same whatever is shown.
        expression = sample_expression(image.expression, rng)
        return RenderSpec(subject, expression, float(yaw), float(pitch),
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
