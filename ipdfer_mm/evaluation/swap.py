"""Faces whose identity, pose and expression come from three people."""

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Optional

import cv2
import numpy as np
import torch
from mmengine.dataset import default_collate
from mmpretrain.models import ImageClassifier
from torch import Tensor, nn
from tqdm import tqdm

from ipdfer_mm.datasets import SyntheticFaces
from ipdfer_mm.datasets.pose import pose_class
from ipdfer_mm.models import IPDFERModel
from ipdfer_mm.rendering import (
    FaceModel,
    FaceRenderer,
    RenderSpec,
    parametric_head,
)

from .neutral import neutral_gain
from .synthesis_report import BATCH_SIZE, FacePictures, judge_expressions

DONORS = ('identity', 'pose', 'expression')


@dataclass
class SwapPictures:
    """Rendered donors of swaps and what their swaps really look like.

    Attributes:
        donors (dict[str, Tensor]): Pictures that give ``identity``, ``pose``
            and ``expression``, each (N, 3, H, W) in [-1, 1].
        truth (Tensor): Person of the first, pose of the second and expression
            of the third, likewise.
        poses (np.ndarray): Class of the second's yaw, (N, ).
        expressions (np.ndarray): Name of the third's class, (N, ).
    """

    donors: dict[str, Tensor]
    truth: Tensor
    poses: np.ndarray
    expressions: np.ndarray


def draw_donors(pictures: FacePictures, count: int,
                seed: int = 0) -> np.ndarray:
    """Draw pictures for swaps.

    Args:
        pictures (FacePictures): All pictures, with known yaws.
        count (int): Number of swaps.
        seed (int): Seed.

    Returns:
        np.ndarray: Positions (count, 3) of pictures that give identity, pose
        and expression: of three people, the second in another class of yaw
        and the third of another expression than the first. The first are all
        different if there are enough pictures.

    Raises:
        ValueError: If there are no such pictures.
    """
    rng = np.random.default_rng(seed)
    poses = np.array([pose_class(yaw) for yaw in pictures.yaws])
    people, expressions = pictures.subjects, pictures.expressions
    total = len(people)
    first = np.concatenate([rng.permutation(total)
                            for _ in range(0, count, total)])[:count]
    rows = []
    for one in first:
        rest = people != people[one]
        two = _choose(rest & (poses != poses[one]), 'class of yaw', rng)
        rest &= people != people[two]
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
    framing and noise of the first, and the truth has the same: the pictures
    differ in nothing but person, head pose (yaw, pitch and roll) and
    expression. The expression goes on top of the resting face of the first.

    Args:
        dataset (SyntheticFaces): The data set, with a test pipeline.
        model (IPDFERModel): Its data preprocessor is used.
        pictures (FacePictures): The pictures of the data set.
    """

    def __init__(self, dataset: SyntheticFaces, model: IPDFERModel,
                 pictures: FacePictures) -> None:
        self.dataset = dataset
        self.model = model
        self.pictures = pictures
        head = (parametric_head() if dataset.face_model is None else
                FaceModel.load(dataset.face_model))
        self.renderer = FaceRenderer(head)
        self.plan = {picture.name: picture
                     for picture in dataset.population.plan()}
        self._loaded: dict[tuple[int, ...], Tensor] = {}

    def render(self, donors: np.ndarray) -> SwapPictures:
        """Render swaps.

        Args:
            donors (np.ndarray): Positions among the pictures, (N, 3), as of
                :func:`draw_donors`, perhaps some columns in place of others
                (:func:`swap_kinds`).

        Returns:
            SwapPictures: Donors and truth.
        """
        shown: dict[str, list[Tensor]] = {}
        with tempfile.TemporaryDirectory() as folder:
            for one, two, three in tqdm(
                    donors.tolist(), desc='swaps', disable=None):
                mixed = dict(
                    identity=(one, one, one),
                    pose=(two, two, two),
                    expression=(three, three, three),
                    truth=(one, two, three))
                for name, parts in mixed.items():
                    shown.setdefault(name, []).append(
                        self._load(*parts, one, Path(folder)))
        faces = {name: torch.stack(parts) for name, parts in shown.items()}
        return SwapPictures(
            truth=faces.pop('truth'),
            donors=faces,
            poses=np.array([pose_class(self.pictures.yaws[i])
                            for i in donors[:, 1]]),
            expressions=self.pictures.expressions[donors[:, 2]])

    def describe(self, index: int) -> RenderSpec:
        """Describe a picture of the data set.

        Args:
            index (int): Its position.

        Returns:
            RenderSpec: What it was rendered from.
        """
        population = self.dataset.population
        picture = self.plan[Path(self.pictures.paths[index]).stem]
        person = population.person(picture.person,
                                   len(self.renderer.model.identity))
        return population.spec(picture, person, self.dataset.img_size)

    def _load(self, identity: int, pose: int, expression: int, scene: int,
              folder: Path) -> Tensor:
        """A picture as the model gets it, (3, H, W)."""
        if identity == pose == expression == scene:
            return self.pictures.pictures[identity]
        key = identity, pose, expression, scene
        if key not in self._loaded:
            turned, scenery = self.describe(pose), self.describe(scene)
            spec = replace(
                self.describe(identity),
                expression=self.describe(expression).expression,
                yaw=turned.yaw,
                pitch=turned.pitch,
                roll=turned.roll,
                light=scenery.light,
                seed=scenery.seed)
            path = folder / 'picture.png'
            image = self.renderer.render(spec).image
            if not cv2.imwrite(str(path), image[..., ::-1]):
                raise OSError(f'{path} could not be written.')
            info = {**self.dataset.get_data_info(0), 'img_path': str(path)}
            batch = default_collate([self.dataset.pipeline(info)])
            self._loaded[key] = self.model.data_preprocessor(
                batch)['inputs'][0].cpu()
        return self._loaded[key]


@torch.no_grad()
def decode_swap(model: IPDFERModel, identity: Tensor, pose: Tensor,
                expression: Tensor) -> Tensor:
    """Decode f_id of one, f_pose of another and f_exp of a third picture.

    Args:
        model (IPDFERModel): The model, in eval mode. Without a pose encoder
            there is no f_pose, and ``pose`` is not used.
        identity (Tensor): (N, 3, H, W) in [-1, 1].
        pose (Tensor): Likewise.
        expression (Tensor): Likewise.

    Returns:
        Tensor: Decoded faces on the CPU, likewise. With one and the same
        picture they are its reconstruction.
    """
    device = next(model.parameters()).device
    faces = []
    for one, two, three in zip(*(pictures.split(BATCH_SIZE) for pictures in (
            identity, pose, expression))):
        feat = model.identity_encoder(one.to(device))
        if model.pose_encoder is not None:
            feat = feat + model.pose_encoder(two.to(device))
        feat = feat + model.expression_encoder(three.to(device))
        faces.append(model.decoder(feat).cpu())
    return torch.cat(faces)


def measure_swap(model: IPDFERModel,
                 swaps: SwapPictures,
                 mean_picture: Tensor,
                 pictures: FacePictures,
                 identity_network: Optional[nn.Module] = None,
                 judge: Optional[ImageClassifier] = None) -> dict:
    """Compare decoded swaps with the rendered truth.

    Args:
        model (IPDFERModel): The model, in eval mode.
        swaps (SwapPictures): What to swap.
        mean_picture (Tensor): Mean of the training pictures, (3, H, W).
        pictures (FacePictures): The pictures of the data set.
        identity_network (nn.Module, optional): Embeds faces as
            :class:`IdentityEncoder` does. Defaults to None, the model's own.
        judge (ImageClassifier, optional): An expression classifier.

    Returns:
        dict: ``swap_l1``, mean absolute difference of swap and truth, beside
        that of the truth from the mean picture (``mean_picture_l1``), from
        the reconstruction of the first donor, in which nothing is swapped
        (``no_swap_l1``), and from its own reconstruction, the best to be
        expected (``truth_reconstruction_l1``); ``reconstruction_l1`` of the
        first donor from its own reconstruction; ``closer``, the share of
        swaps that are nearer to the truth than ``no_swap`` is, where donor
        and truth differ (:func:`neutral_gain`).

        ``attributes``: for ``swap``, ``no_swap`` and the rendered ``truth``
        the share whose ``identity`` feature has a larger cosine with the
        first donor than with those of the others that are other pictures
        (chance is 1/2 with one such, 1/3 with two); in which the model's own
        pose classifier sees the ``pose`` of the second, and the judge the
        ``expression`` of the third.
    """
    donors = swaps.donors
    first = donors['identity']
    no_swap = decode_swap(model, first, first, first)
    truth = swaps.truth
    swap = decode_swap(model, **donors)
    gain = neutral_gain(first, no_swap, swap, truth)

    def error(faces: Tensor, target: Tensor) -> float:
        return float((faces - target).abs().mean())

    report = dict(
        swap_l1=error(swap, truth),
        truth_reconstruction_l1=error(
            decode_swap(model, truth, truth, truth), truth),
        no_swap_l1=error(no_swap, truth),
        mean_picture_l1=error(mean_picture[None], truth),
        reconstruction_l1=error(no_swap, first),
        closer=gain['closer'],
        num_swaps=len(truth))
    faces = dict(swap=swap, no_swap=no_swap, truth=truth)
    network = identity_network or model.identity_encoder
    donor_feats = torch.stack([_embed(network, donors[name])
                               for name in DONORS])  # 3xNxD
    attributes: dict[str, dict[str, float]] = {}
    for name, shown in faces.items():
        cosine = (donor_feats * _embed(network, shown)).sum(dim=2)  # 3xN
        attributes[name] = dict(
            identity=float((cosine.argmax(dim=0) == 0).float().mean()))
        if model.pose_encoder is not None:
            attributes[name]['pose'] = float(
                (_pose(model, shown) == swaps.poses).mean())
    if judge is not None:
        asked = judge_expressions(
            judge, faces, replace(pictures, expressions=swaps.expressions))
        for name, answer in asked.items():
            attributes[name]['expression'] = answer['as_labelled']
    return dict(report, attributes=attributes)


def _choose(allowed: np.ndarray, name: str, rng: np.random.Generator) -> int:
    places = np.flatnonzero(allowed)
    if not len(places):
        raise ValueError('Swaps need three people, of whom the donors show '
                         f'another {name} than the first, but there is no '
                         'such picture.')
    return int(rng.choice(places))


@torch.no_grad()
def _embed(network: nn.Module, pictures: Tensor) -> Tensor:
    """Features of length 1, (N, D), on the CPU."""
    device = next(network.parameters()).device
    feats = torch.cat([network(batch.to(device)).cpu()
                       for batch in pictures.split(BATCH_SIZE)])
    return nn.functional.normalize(feats)


@torch.no_grad()
def _pose(model: IPDFERModel, pictures: Tensor) -> np.ndarray:
    device = next(model.parameters()).device
    return torch.cat([
        model.pose_head((model.pose_encoder(batch.to(device)), )).argmax(
            dim=1).cpu() for batch in pictures.split(BATCH_SIZE)
    ]).numpy()
