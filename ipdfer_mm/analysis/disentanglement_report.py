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
from .swap_rendering import SwapRenderer, draw_donors, swap_kinds
from .synthesis_report import (
    FaceImages,
    classify_synthesis,
    load_images,
    measure_synthesis,
    synthesize,
)

GRID_ROWS = 8
NO_CLASSIFIER = 'no expression classifier is given'


class DisentanglementReport:
    """Measures how far a model disentangles identity, pose and expression.

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

    Attributes:
        left_out (dict[str, str]): What could not be measured, and why.
        swap_columns (dict[str, Tensor]): After :meth:`measure` the first
            swaps of all, by heading, for an image grid.

    Raises:
        ValueError: If subject, yaw and expression are not known to the
            dataset, or a model with a decoder comes without ``mean_image``.
    """

    def __init__(self,
                 model: BaseModel,
                 dataset: FERDataset,
                 mean_image: Tensor | None = None,
                 classifier: ImageClassifier | None = None,
                 identity_network: nn.Module | None = None,
                 splits: int = 5,
                 permutations: int = 20,
                 swaps: int = 200,
                 seed: int = 0) -> None:
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
        self.model = model
        self.dataset = dataset
        self.mean_image = mean_image
        self.classifier = classifier
        self.identity_network = identity_network
        self.splits = splits
        self.permutations = permutations
        self.swaps = swaps
        self.seed = seed
        self.left_out: dict[str, str] = {}
        self.swap_columns: dict[str, Tensor] = {}

    def measure(self) -> dict:
        """Measure everything that applies.

        Returns:
            dict: What :func:`measure_components` gives; with the parts of the
            model that are needed ``pose_entropy`` (:func:`pose_entropy`),
            ``synthesis`` (:func:`measure_synthesis`, with an expression
            classifier also :func:`classify_synthesis`) and ``swap``, by what
            is swapped :func:`measure_swap`; and ``left_out``,
            :attr:`left_out`.

        Raises:
            ValueError: If the dataset knows too little of its images.
        """
        model = self.model
        images = load_images(self.dataset, model)
        feats = extract_components(model, images.images)
        report: dict[str, Any] = dict(
            model=type(model).__name__,
            images=len(images.paths),
            subjects=len(set(images.subjects)),
            unknown_yaws=int(np.isnan(images.yaws).sum()),
            classes=list(images.classes))
        report |= measure_components(
            feats, images, self.splits, self.permutations, self.seed)
        self.left_out = report['left_out']
        if getattr(model, 'pose_head', None) is None:
            self.left_out['pose_entropy'] = 'the model has no pose classifier'
        else:
            report['pose_entropy'] = pose_entropy(model, feats)
        if isinstance(model, IPDFERModel):
            report['synthesis'] = self._measure_synthesis(images)
            if isinstance(self.dataset, SyntheticFaces):
                report['swap'] = self._measure_swaps(images)
            else:
                self.left_out['swap'] = (
                    'only SyntheticFaces knows what a swap should look like')
        else:
            self.left_out |= dict.fromkeys(
                ('synthesis', 'swap'), 'the model has no decoder')
        return report

    def _measure_synthesis(self, images: FaceImages) -> dict:
        faces = synthesize(
            self.model, images.images, self.identity_network)
        report = measure_synthesis(faces, self.mean_image, images)
        for name, reason in report.pop('left_out', {}).items():
            self.left_out[f'synthesis/{name}'] = reason
        if images.paired_neutrals is None:
            self.left_out['synthesis/paired_neutral'] = (
                'the dataset does not know the paired neutral faces')
        if self.classifier is None:
            self.left_out['synthesis/classifier'] = NO_CLASSIFIER
        else:
            report['classifier'] = classify_synthesis(
                self.classifier, faces, images)
        return report

    def _measure_swaps(self, images: FaceImages) -> dict:
        model = self.model
        donors = draw_donors(images, self.swaps, self.seed)
        renderer = SwapRenderer(self.dataset, model, images)
        report = {}
        for name, columns in swap_kinds(model).items():
            swaps = renderer.render(donors[:, columns])
            report[name] = measure_swap(
                model, swaps, self.mean_image, images,
                self.identity_network, self.classifier)
        if self.classifier is None:
            self.left_out['swap/expression'] = NO_CLASSIFIER
        # The last kind swaps most.
        shown = {name: faces[:GRID_ROWS]
                 for name, faces in swaps.donors.items()}
        truth = swaps.truth[:GRID_ROWS]
        self.swap_columns = dict(
            shown,
            swap=decode_swap(model, **shown),
            truth=truth,
            **{'truth rebuilt': decode_swap(model, truth, truth, truth)})
        return report
