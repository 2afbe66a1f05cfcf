"""Rendered faces of one subject with pose and expression of two others."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from mmcv.transforms import LoadImageFromFile
from mmengine.dataset import Compose, default_collate
from torch import Tensor
from tqdm import tqdm

from ipdfer_mm.datasets import SyntheticFaces
from ipdfer_mm.geometry.yaw_bins import yaw_bin
from ipdfer_mm.models import IPDFERModel
from ipdfer_mm.rendering import (
    FaceModel,
    FaceRenderer,
    RenderSpec,
    parametric_head,
)
from ipdfer_mm.utils.images import swap_channels

from .synthesis_report import FaceImages


@dataclass
class SwapImages:
    """Rendered donors of swaps and what their swaps really look like.

    Attributes:
        donors (dict[str, Tensor]): Images that give ``identity``, ``pose``
            and ``expression``, each (N, 3, H, W) in [-1, 1].
        truth (Tensor): Subject of the first, pose of the second and expression
            of the third, likewise.
        poses (np.ndarray): Yaw bin of the second, (N, ).
        expressions (np.ndarray): Name of the third's class, (N, ).
    """

    donors: dict[str, Tensor]
    truth: Tensor
    poses: np.ndarray
    expressions: np.ndarray


def draw_donors(images: FaceImages, count: int,
                seed: int = 0) -> np.ndarray:
    """Draw images for swaps.

    Args:
        images (FaceImages): All images, with known yaws.
        count (int): Number of swaps.
        seed (int): Seed.

    Returns:
        np.ndarray: Positions (count, 3) of images that give identity, pose
        and expression: of three subjects, the second in another yaw bin
        and the third of another expression than the first. The first are all
        different if there are enough images.

    Raises:
        ValueError: If there are no such images.
    """
    rng = np.random.default_rng(seed)
    poses = np.array([yaw_bin(yaw) for yaw in images.yaws])
    subjects, expressions = images.subjects, images.expressions
    total = len(subjects)
    first = np.concatenate([rng.permutation(total)
                            for _ in range(0, count, total)])[:count]
    rows = []
    for one in first:
        rest = subjects != subjects[one]
        two = _choose(rest & (poses != poses[one]), 'yaw bin', rng)
        rest &= subjects != subjects[two]
        three = _choose(
            rest & (expressions != expressions[one]), 'expression', rng)
        rows.append((one, two, three))
    return np.array(rows)


def swap_kinds(model: IPDFERModel) -> dict[str, tuple[int, int, int]]:
    """What can be swapped in a model.

    Args:
        model (IPDFERModel): The model. Without a pose encoder nothing but the
            expression encoder sees the pose, so both come from one donor.

    Returns:
        dict[str, tuple[int, int, int]]: By name, which columns of
        :func:`draw_donors` give identity, pose and expression.
    """
    if model.pose_encoder is None:
        return dict(pose_and_expression=(0, 2, 2))
    return dict(
        pose=(0, 1, 0), expression=(0, 0, 2), pose_and_expression=(0, 1, 2))


class SwapRenderer:
    """Renders donors under one light, and what their swaps look like.

    Nothing says which component of a face should hold light and background.
    So the second and third donor are rendered anew with light, background,
    framing and noise of the first, and the truth has the same: the images
    differ in nothing but subject, head pose (yaw, pitch and roll) and
    expression. The expression goes on top of the resting face of the first.

    Args:
        dataset (SyntheticFaces): The dataset, with a test pipeline.
        model (IPDFERModel): Its data preprocessor is used.
        images (FaceImages): The images of the dataset.
    """

    def __init__(self, dataset: SyntheticFaces, model: IPDFERModel,
                 images: FaceImages) -> None:
        self.dataset = dataset
        self.model = model
        self.images = images
        head = (parametric_head() if dataset.face_model is None else
                FaceModel.load(dataset.face_model))
        self.renderer = FaceRenderer(head)
        self.plan = {entry.name: entry for entry in dataset.population.plan()}
        self.pipeline = Compose([step for step in dataset.pipeline.transforms
                                 if not isinstance(step, LoadImageFromFile)])
        self._shown: dict[tuple[int, ...], Tensor] = {}

    def render(self, donors: np.ndarray) -> SwapImages:
        """Render swaps.

        Args:
            donors (np.ndarray): Positions among the images, (N, 3), as of
                :func:`draw_donors`, perhaps some columns in place of others
                (:func:`swap_kinds`).

        Returns:
            SwapImages: Donors and truth.
        """
        shown: dict[str, list[Tensor]] = {}
        for one, two, three in tqdm(
                donors.tolist(), desc='swaps', disable=None):
            mixed = dict(
                identity=(one, one, one),
                pose=(two, two, two),
                expression=(three, three, three),
                truth=(one, two, three))
            for name, parts in mixed.items():
                shown.setdefault(name, []).append(self._show(*parts, one))
        faces = {name: torch.stack(parts) for name, parts in shown.items()}
        return SwapImages(
            truth=faces.pop('truth'),
            donors=faces,
            poses=np.array([yaw_bin(self.images.yaws[i])
                            for i in donors[:, 1]]),
            expressions=self.images.expressions[donors[:, 2]])

    def describe(self, index: int) -> RenderSpec:
        """Describe an image of the dataset.

        Args:
            index (int): Its position.

        Returns:
            RenderSpec: What it was rendered from.
        """
        population = self.dataset.population
        planned = self.plan[Path(self.images.paths[index]).stem]
        subject = population.subject(planned.subject_number,
                                     len(self.renderer.model.identity))
        return population.spec(planned, subject, self.dataset.img_size)

    def frontal_neutrals(self) -> tuple[np.ndarray, Tensor]:
        """Render each subject as the paper's Fig. 9 shows an identity.

        Returns:
            tuple[np.ndarray, Tensor]: The position of the first image of each
            subject, (S, ), and the same image without expression and turned
            to the camera, (S, 3, H, W) in [-1, 1].
        """
        first = np.unique(self.images.subjects, return_index=True)[1]
        return first, torch.stack([
            self._render(replace(
                self.describe(i).neutral(), yaw=0.0, pitch=0.0, roll=0.0))
            for i in first])

    def _show(self, identity: int, pose: int, expression: int,
              scene: int) -> Tensor:
        """An image as the model gets it, (3, H, W)."""
        if identity == pose == expression == scene:
            return self.images.images[identity]
        key = identity, pose, expression, scene
        if key not in self._shown:
            turned, scenery = self.describe(pose), self.describe(scene)
            spec = replace(
                self.describe(identity),
                expression=self.describe(expression).expression,
                yaw=turned.yaw, pitch=turned.pitch, roll=turned.roll,
                light=scenery.light, seed=scenery.seed)
            self._shown[key] = self._render(spec)
        return self._shown[key]

    def _render(self, spec: RenderSpec) -> Tensor:
        """An image as the model gets it, (3, H, W)."""
        image = swap_channels(self.renderer.render(spec).image)
        size = image.shape[:2]
        batch = default_collate([self.pipeline(dict(
            self.dataset.get_data_info(0), img=image, img_shape=size,
            ori_shape=size))])
        return self.model.data_preprocessor(batch)['inputs'][0].cpu()


def _choose(allowed: np.ndarray, name: str, rng: np.random.Generator) -> int:
    places = np.flatnonzero(allowed)
    if not len(places):
        raise ValueError('Swaps need three subjects, of whom the donors show '
                         f'another {name} than the first, but there is no '
                         'such image.')
    return int(rng.choice(places))
