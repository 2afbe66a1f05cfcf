"""How the images of a dataset are prepared."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib.metadata import version

import cv2
import torch

from ipdfer_mm.geometry.alignment import BORDERS

from .head_pose import (
    ContourPose,
    FivePointPose,
    HeadPoseEstimator,
    NetworkPose,
    TablePose,
)

# Raised when the same recipe would give other images or numbers.
FORMAT = 2
# The head-pose estimators, and how many files they read, at least and at most.
POSES: dict[str, tuple[Callable, int, int]] = dict(
    none=(lambda: None, 0, 0),
    pnp5=(FivePointPose, 0, 0),
    onnx=(NetworkPose, 1, 99),
    facepose_linear=(ContourPose, 1, 1),
    csv=(TablePose, 1, 1))


# Smallest and largest value of each setting that is a number.
RANGES: dict[str, tuple[float, float]] = dict(
    size=(8, 2048), margin=(0, 4), min_side=(0, 8192), min_face=(0, 1),
    min_score=(0, 1), retries=(0, 3), fallback_crop=(0.05, 1))


@dataclass(frozen=True)
class Recipe:
    """Settings of the preparation.

    Numbers must be within :data:`RANGES`.

    Args:
        size (int): Side of the aligned faces in pixels.
        margin (float): What is added around an image, or around the box
            that the dataset gives, before faces are searched, as a share of
            its shorter side. MTCNN sees faces in tight crops only with it.
        min_side (int): Smaller images are enlarged to this many pixels
            (shorter side, margin included) before faces are searched.
        min_face (float): Smaller faces are not searched, as a share of the
            shorter side (margin included).
        min_score (float): Detections of a lower probability do not count.
        retries (int): Number of :data:`~ipdfer_mm.preparation.face_search.
            RETRIES` that are made where no face is found.
        border (str): What lies beyond the image in an aligned face:
            ``'constant'`` (black), ``'replicate'`` or ``'reflect'``.
        fallback_crop (float): Side of the center crop where no face is
            found, as a share of the shorter side.
        use_given_points (bool): Whether points of the dataset replace
            detection where it has them.
        pose (str): Head-pose estimator, a key of :data:`POSES`.
        pose_files (tuple[str]): Files that the estimator reads.
    """

    size: int = 112
    margin: float = 0.0
    min_side: int = 0
    min_face: float = 0.0
    min_score: float = 0.9
    retries: int = 3
    border: str = 'constant'
    fallback_crop: float = 1.0
    use_given_points: bool = True
    pose: str = 'pnp5'
    pose_files: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name, (low, high) in RANGES.items():
            value = getattr(self, name)
            kinds = {int, type(getattr(Recipe, name))}
            if type(value) not in kinds or not low <= value <= high:
                kind = 'a number' if float in kinds else 'an integer'
                raise ValueError(f'{name}={value!r} of a recipe must be '
                                 f'{kind} from {low:g} to {high:g}.')
        if type(self.use_given_points) is not bool:
            raise ValueError(f'use_given_points={self.use_given_points!r} of '
                             'a recipe must be True or False.')
        if self.border not in BORDERS:
            raise ValueError(f'border={self.border!r} of a recipe is not one '
                             f'of {", ".join(BORDERS)}.')

    def build_pose(self) -> HeadPoseEstimator | None:
        """Build the head-pose estimator.

        Returns:
            HeadPoseEstimator | None: None for ``'none'``.

        Raises:
            ValueError: If the estimator is unknown, or has more or fewer
                files than it reads.
        """
        if self.pose not in POSES:
            raise ValueError(f'The head-pose estimator {self.pose!r} is not '
                             f'one of {", ".join(POSES)}.')
        estimator, low, high = POSES[self.pose]
        if not low <= len(self.pose_files) <= high:
            needed = {0: 'no file', 1: 'a file'}[low]
            raise ValueError(f'The head-pose estimator {self.pose} needs '
                             f'{needed}, but {len(self.pose_files)} were '
                             'given (--pose-file).')
        return estimator(*self.pose_files)

    def describe(self, dataset: str,
                 estimator: HeadPoseEstimator | None) -> dict:
        """Content of ``recipe.json``, from which a preparation is repeated.

        Args:
            dataset (str): Name of the dataset.
            estimator (HeadPoseEstimator, optional): The built estimator.

        Returns:
            dict: Plain values. Files are named by their SHA-256, not by
            their place.
        """
        settings = asdict(self)
        del settings['pose_files']
        settings['pose'] = estimator.describe() if estimator else None
        versions = dict(
            facenet_pytorch=version('facenet-pytorch'),
            opencv=cv2.__version__,
            torch=torch.__version__)
        return dict(format=FORMAT, dataset=dataset, **settings,
                    versions=versions)
