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
    FacePictures,
    judge_synthesis,
    load_pictures,
    measure_synthesis,
    synthesize,
)

GRID_ROWS = 8


class DisentanglementReport:
    """Measures how far a model disentangles identity, pose and expression.

    Args:
        model (BaseModel): In eval mode: IPD-FER, ID-FER, or a classifier of
            mmpretrain, of which less can be measured.
        dataset (FERDataset): Pictures of people whom the model has not seen,
            with a test pipeline.
        mean_picture (Tensor, optional): Mean of the training pictures,
            (3, H, W) in [-1, 1]; needed for models with a decoder.
        judge (ImageClassifier, optional): An expression classifier that is
            asked what synthesised faces show.
        identity_network (nn.Module, optional): Says whose the synthesised
            faces are. Defaults to None, the model's own identity encoder.
        splits (int): Parts of the cross-validation of probes.
        permutations (int): Shuffles for the floors of dependence.
        swaps (int): Number of pictures whose components are swapped.
        seed (int): Seed of all that is drawn.

    Attributes:
        left_out (dict[str, str]): What could not be measured, and why.
        swap_columns (dict[str, Tensor]): After :meth:`measure` the first
            swaps of all, by heading, for a picture grid.

    Raises:
        ValueError: If person, yaw and expression are not known to the data
            set, or a model with a decoder comes without ``mean_picture``.
    """

    def __init__(self,
                 model: BaseModel,
                 dataset: FERDataset,
                 mean_picture: Tensor | None = None,
                 judge: ImageClassifier | None = None,
                 identity_network: nn.Module | None = None,
                 splits: int = 5,
                 permutations: int = 20,
                 swaps: int = 200,
                 seed: int = 0) -> None:
        if not isinstance(dataset, FERDataset):
            raise ValueError(
                f'{type(dataset).__name__} is no data set of ipdfer_mm, so it '
                'does not say person, yaw and expression of its pictures.')
        if getattr(dataset, 'label', 'expression') != 'expression':
            raise ValueError('The classes of the data set are no expressions: '
                             "set label='expression'.")
        if isinstance(model, IPDFERModel) and mean_picture is None:
            raise ValueError('A model with a decoder is compared with the '
                             'mean training picture: give mean_picture.')
        self.model = model
        self.dataset = dataset
        self.mean_picture = mean_picture
        self.judge = judge
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
            ``synthesis`` (:func:`measure_synthesis`, with a judge also
            :func:`judge_synthesis`) and ``swap``, by what is swapped
            :func:`measure_swap`; and ``left_out``, :attr:`left_out`.

        Raises:
            ValueError: If the data set knows too little of its pictures.
        """
        model = self.model
        pictures = load_pictures(self.dataset, model)
        feats = extract_components(model, pictures.pictures)
        report: dict[str, Any] = dict(
            model=type(model).__name__,
            pictures=len(pictures.paths),
            people=len(set(pictures.subjects)),
            unknown_yaws=int(np.isnan(pictures.yaws).sum()),
            classes=list(pictures.classes))
        report |= measure_components(
            feats, pictures, self.splits, self.permutations, self.seed)
        self.left_out = report['left_out']
        if getattr(model, 'pose_head', None) is None:
            self.left_out['pose_entropy'] = 'the model has no pose classifier'
        else:
            report['pose_entropy'] = pose_entropy(model, feats)
        if isinstance(model, IPDFERModel):
            report['synthesis'] = self._measure_synthesis(pictures)
            if isinstance(self.dataset, SyntheticFaces):
                report['swap'] = self._measure_swaps(pictures)
            else:
                self.left_out['swap'] = (
                    'only SyntheticFaces knows what a swap should look like')
        else:
            self.left_out |= dict.fromkeys(
                ('synthesis', 'swap'), 'the model has no decoder')
        return report

    def _measure_synthesis(self, pictures: FacePictures) -> dict:
        faces = synthesize(
            self.model, pictures.pictures, self.identity_network)
        report = measure_synthesis(faces, self.mean_picture, pictures)
        for name, reason in report.pop('left_out', {}).items():
            self.left_out[f'synthesis/{name}'] = reason
        if pictures.twins is None:
            self.left_out['synthesis/true_neutral'] = (
                'the data set does not know the true neutral faces')
        if self.judge is None:
            self.left_out['synthesis/judge'] = 'no judge is given'
        else:
            report['judge'] = judge_synthesis(self.judge, faces, pictures)
        return report

    def _measure_swaps(self, pictures: FacePictures) -> dict:
        model = self.model
        donors = draw_donors(pictures, self.swaps, self.seed)
        renderer = SwapRenderer(self.dataset, model, pictures)
        report = {}
        for name, columns in swap_kinds(model).items():
            swaps = renderer.render(donors[:, columns])
            report[name] = measure_swap(
                model, swaps, self.mean_picture, pictures,
                self.identity_network, self.judge)
        if self.judge is None:
            self.left_out['swap/expression'] = 'no judge is given'
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
