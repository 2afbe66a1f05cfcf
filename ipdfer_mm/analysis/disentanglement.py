"""How far the components of a face are disentangled."""

import math
from itertools import combinations

import numpy as np
import torch
from mmengine.model import BaseModel
from mmpretrain.models import ImageClassifier

from ipdfer_mm.geometry.yaw_bins import UNKNOWN_POSE, yaw_bin
from ipdfer_mm.models import IPDFERModel

from .batches import BATCH_SIZE
from .dependence import measure_dependence
from .probes import (
    PROBES,
    Factor,
    TooFewImagesError,
    leakage_matrix,
    probe_parts,
    yaw_r2,
)
from .synthesis_report import FaceImages
from .verification import same_expression_verification

COMPONENTS = {'identity': 'f_id', 'pose': 'f_pose', 'expression': 'f_exp'}
# Of a subject with more, as many are taken for the probe of the identity: it
# balances subjects, and in the wild some have a hundred times as many images
# as others.
MAX_IMAGES_OF_A_SUBJECT = 32


@torch.no_grad()
def extract_components(model: BaseModel,
                       images: torch.Tensor) -> dict[str, np.ndarray]:
    """Embed faces with all encoders of a model.

    Args:
        model (BaseModel): In eval mode: IPD-FER, ID-FER, or a classifier of
            mmpretrain, whose one feature, the input of its head, is compared
            as that of the expression.
        images (torch.Tensor): (N, 3, H, W) as the data preprocessor gives
            them.

    Returns:
        dict[str, np.ndarray]: Those of ``f_id``, ``f_pose`` and ``f_exp``
        that the model has, in this order, each (N, D).

    Raises:
        ValueError: If the model is of another kind.
    """
    if not isinstance(model, (IPDFERModel, ImageClassifier)):
        raise ValueError(
            f'{type(model).__name__} is neither ipdfer_mm.IPDFERModel nor '
            'mmpretrain.ImageClassifier: its components are not known.')
    device = next(model.parameters()).device
    parts: dict[str, list] = {}
    for batch in images.split(BATCH_SIZE):
        batch = batch.to(device)
        if isinstance(model, IPDFERModel):
            feats = model.extract_feats(batch)
        else:
            feats = dict(expression=model.extract_feat(
                batch, stage='pre_logits'))
        for key, feat in feats.items():
            parts.setdefault(key, []).append(feat.flatten(1).float().cpu())
    return {name: torch.cat(parts[key]).numpy()
            for key, name in COMPONENTS.items() if key in parts}


def find_factors(
        images: FaceImages,
        splits: int = 5,
        seed: int = 0) -> tuple[dict[str, Factor], dict[str, str]]:
    """Find what a dataset knows of its images, for probes.

    The identity is known of subjects with an image for each part of the
    cross-validation, or, where no two have so many, with as many as two have;
    of no more than 32 images of a subject, evenly spaced.

    Args:
        images (FaceImages): The images.
        splits (int): Parts of the cross-validation.
        seed (int): Seed of the parts.

    Returns:
        tuple[dict[str, Factor], dict[str, str]]: ``identity``, ``yaw`` (its
        class) and ``expression``, and why one of them is left out.

    Raises:
        ValueError: If an image does not name its subject.
    """
    subjects = images.subjects
    nameless = int((subjects == '').sum())
    if nameless:
        raise ValueError(
            f'{nameless} of {len(subjects)} images have no `subject`. '
            'Features are tested on subjects that a probe has not seen, so '
            'use a dataset that knows them: SyntheticFaces, CMUFaces, '
            'CKPlus, or CSVFER with a column `subject`.')
    poses = np.array([yaw_bin(yaw) for yaw in images.yaws])
    known = np.ones(len(subjects), dtype=bool)
    factors = dict(
        identity=Factor(subjects, _images_of_identity(subjects, splits)),
        yaw=Factor(poses, poses != UNKNOWN_POSE, subjects),
        expression=Factor(images.expressions, known, subjects))
    left_out = {}
    for name, factor in list(factors.items()):
        known = np.unique(factor.labels[factor.known])
        if len(known) < 2:
            del factors[name]
            left_out[f'probes/{name}'] = (
                f'the images show {len(known)} of its classes, and a probe '
                'needs two')
            continue
        try:
            probe_parts(factor, splits, seed)
        except TooFewImagesError as error:
            del factors[name]
            left_out[f'probes/{name}'] = str(error)
    return factors, left_out


def _images_of_identity(subjects: np.ndarray, splits: int) -> np.ndarray:
    names, counts = np.unique(subjects, return_counts=True)
    # A subject with one image cannot be fitted and tested.
    enough = max(2, min([splits, *np.sort(counts)[-2:-1]]))
    known = np.zeros(len(subjects), dtype=bool)
    for name in names[counts >= enough]:
        own = np.flatnonzero(subjects == name)
        taken = min(len(own), MAX_IMAGES_OF_A_SUBJECT)
        known[own[np.arange(taken) * len(own) // taken]] = True
    return known


def measure_components(feats: dict[str, np.ndarray],
                       images: FaceImages,
                       splits: int = 5,
                       permutations: int = 20,
                       seed: int = 0) -> dict:
    """Measure what is known of the features alone.

    Args:
        feats (dict[str, np.ndarray]): As of :func:`extract_components`.
        images (FaceImages): What the features were made from.
        splits (int): As :func:`probe_score`.
        permutations (int): As :func:`measure_dependence`.
        seed (int): Seed of all that is drawn.

    Returns:
        dict: ``probes``, :func:`leakage_matrix` by kind of probe;
        ``verification``, :func:`same_expression_verification`, and ``yaw``,
        :func:`yaw_r2`, both by component; ``dependence``,
        :func:`measure_dependence` by pair of components such as
        ``f_id/f_exp``; ``left_out``, by item the reason why it is not there.
        An item that does not apply is left out.

    Raises:
        ValueError: If an image does not name its subject.
    """
    factors, left_out = find_factors(images, splits, seed)
    report: dict = dict(
        probes={kind: leakage_matrix(feats, factors, kind, splits, seed)
                for kind in PROBES})
    measures = dict(
        verification=lambda feat: same_expression_verification(
            feat, images.subjects, images.expressions),
        yaw=lambda feat: yaw_r2(feat, images.yaws, images.subjects, splits))
    if np.isnan(images.yaws).all():
        del measures['yaw']
        left_out['yaw'] = 'no yaw is known'
    for item, measure in measures.items():
        try:
            report[item] = {name: measure(feat)
                            for name, feat in feats.items()}
        except TooFewImagesError as error:
            left_out[item] = str(error)
    if len(feats) > 1:
        report['dependence'] = {
            f'{one}/{two}': measure_dependence(
                feats[one], feats[two], permutations, seed)
            for one, two in combinations(feats, 2)
        }
    else:
        left_out['dependence'] = 'the model has one component only'
    return dict(report, left_out=left_out)


@torch.no_grad()
def pose_entropy(model: IPDFERModel,
                 feats: dict[str, np.ndarray]) -> dict[str, float]:
    """Measure how undecided the model's own pose classifier is.

    Args:
        model (IPDFERModel): With a pose classifier.
        feats (dict[str, np.ndarray]): ``f_pose`` and ``f_exp``, (N, D).

    Returns:
        dict[str, float]: For both the mean entropy of its answer, divided by
        that of the uniform one: 1 is what the confusion loss (Eq. 4) asks of
        ``f_exp``, 0 certainty.
    """
    device = next(model.parameters()).device
    report = {}
    for name in ('f_pose', 'f_exp'):
        logits = model.pose_head(
            (torch.from_numpy(feats[name]).to(device), ))  # Nx5
        entropy = torch.distributions.Categorical(logits=logits).entropy()
        report[name] = float(entropy.mean()) / math.log(logits.shape[1])
    return report
