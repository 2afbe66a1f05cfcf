"""Everything that is measured of how far a model disentangles faces."""

from typing import Any

import numpy as np
from mmengine.model import BaseModel
from mmpretrain.models import ImageClassifier
from torch import Tensor, nn

from ipdfer_mm.datasets import FERDataset, SyntheticFaces
from ipdfer_mm.models import IPDFERModel

from .disentanglement import (
    extract_components,
    measure_components,
    pose_entropy,
)
from .swap import decode_swap, measure_swap
from .swap_rendering import SwapImages, SwapRenderer, draw_donors, swap_kinds
from .synthesis_report import (
    FaceImages,
    classify_synthesis,
    load_images,
    measure_identity_faces,
    measure_synthesis,
    synthesize,
)

GRID_ROWS = 8
NO_CLASSIFIER = 'no expression classifier is given'


def measure_disentanglement(
    model: BaseModel,
    dataset: FERDataset,
    mean_image: Tensor | None = None,
    classifier: ImageClassifier | None = None,
    identity_network: nn.Module | None = None,
    splits: int = 5,
    permutations: int = 20,
    swaps: int = 200,
    seed: int = 0
) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """Measure how far a model disentangles identity, pose and expression.

    Args:
        model (BaseModel): In eval mode: IPD-FER, ID-FER, or a classifier of
            mmpretrain, of which less can be measured.
        dataset (FERDataset): Images of subjects that the model has not seen,
            with a test pipeline.
        mean_image (Tensor, optional): Mean of the training images,
            (3, H, W) in [-1, 1]; needed for models with a decoder.
        classifier (ImageClassifier, optional): An expression classifier that
            is asked what synthesized faces show.
        identity_network (nn.Module, optional): Says whose the synthesized
            faces are. Defaults to None, the model's own identity encoder.
        splits (int): Parts of the cross-validation of probes.
        permutations (int): Shuffles for the floors of dependence.
        swaps (int): Number of images whose components are swapped.
        seed (int): Seed of all that is drawn.

    Returns:
        tuple[dict[str, Any], dict[str, Tensor]]: The report, and the first
        swaps of all by heading, for an image grid. The report has what
        :func:`measure_components` gives; with the parts of the model that are
        needed ``pose_entropy`` (:func:`pose_entropy`), ``synthesis``
        (:func:`measure_synthesis`, with an expression classifier also
        :func:`classify_synthesis`, on rendered subjects also
        :func:`measure_identity_faces`) and ``swap``, by what is swapped
        :func:`measure_swap`; and ``left_out``, what could not be measured,
        and why.

    Raises:
        ValueError: If subject, yaw and expression are not known to the
            dataset, or a model with a decoder comes without ``mean_image``.
    """
    _check(model, dataset, mean_image)
    images = load_images(dataset, model)
    feats = extract_components(model, images.images)
    report = dict(
        model=type(model).__name__,
        images=len(images.paths),
        subjects=len(set(images.subjects)),
        unknown_yaws=int(np.isnan(images.yaws).sum()),
        classes=list(images.classes),
        **measure_components(feats, images, splits, permutations, seed))
    left_out = report['left_out']
    if getattr(model, 'pose_head', None) is None:
        left_out['pose_entropy'] = 'the model has no pose classifier'
    else:
        report['pose_entropy'] = pose_entropy(model, feats)
    if not isinstance(model, IPDFERModel):
        left_out |= dict.fromkeys(
            ('synthesis', 'swap'), 'the model has no decoder')
        return report, {}
    faces = synthesize(model, images.images, identity_network)
    report['synthesis'] = _measure_synthesis(
        faces, images, mean_image, classifier, left_out)
    if not isinstance(dataset, SyntheticFaces):
        left_out |= dict.fromkeys(
            ('swap', 'synthesis/identity_face'),
            'only SyntheticFaces knows what they should look like')
        return report, {}
    donors = draw_donors(images, swaps, seed)
    renderer = SwapRenderer(dataset, model, images)
    first, frontal = renderer.frontal_neutrals()
    report['synthesis']['identity_face'] = measure_identity_faces(
        faces['identity'][first], frontal, mean_image)
    report['swap'] = {}
    for name, columns in swap_kinds(model).items():
        rendered = renderer.render(donors[:, columns])
        report['swap'][name] = measure_swap(
            model, rendered, mean_image, images, identity_network, classifier)
    if classifier is None:
        left_out['swap/expression'] = NO_CLASSIFIER
    return report, _grid_columns(model, rendered)  # the last swaps most


def _check(model: BaseModel, dataset: FERDataset,
           mean_image: Tensor | None) -> None:
    if not isinstance(dataset, FERDataset):
        raise ValueError(
            f'{type(dataset).__name__} is no dataset of ipdfer_mm, so it '
            'does not say subject, yaw and expression of its images.')
    if getattr(dataset, 'label', 'expression') != 'expression':
        raise ValueError('The classes of the dataset are no expressions: '
                         "set label='expression'.")
    if isinstance(model, IPDFERModel) and mean_image is None:
        raise ValueError('A model with a decoder is compared with the '
                         'mean training image: give mean_image.')


def _measure_synthesis(faces: dict[str, Tensor], images: FaceImages,
                       mean_image: Tensor,
                       classifier: ImageClassifier | None,
                       left_out: dict[str, str]) -> dict:
    report = measure_synthesis(faces, mean_image, images)
    for name, reason in report.pop('left_out', {}).items():
        left_out[f'synthesis/{name}'] = reason
    if images.paired_neutrals is None:
        left_out['synthesis/paired_neutral'] = (
            'the dataset does not know the paired neutral faces')
    if classifier is None:
        left_out['synthesis/classifier'] = NO_CLASSIFIER
    else:
        report['classifier'] = classify_synthesis(classifier, faces, images)
    return report


def _grid_columns(model: IPDFERModel, swaps: SwapImages) -> dict[str, Tensor]:
    shown = {name: faces[:GRID_ROWS] for name, faces in swaps.donors.items()}
    truth = swaps.truth[:GRID_ROWS]
    return dict(
        shown,
        swap=decode_swap(model, **shown),
        truth=truth,
        **{'truth rebuilt': decode_swap(model, truth, truth, truth)})
