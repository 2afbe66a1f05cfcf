"""How far the components of a face are disentangled."""

import math
from itertools import combinations

import numpy as np
import torch
from mmengine.model import BaseModel
from mmpretrain.models import ImageClassifier

from ipdfer_mm.geometry.yaw_bins import UNKNOWN_POSE, pose_class
from ipdfer_mm.models import IPDFERModel

from .dependence import measure_dependence
from .probes import PROBES, Factor, leakage_matrix, yaw_r2
from .synthesis_report import BATCH_SIZE, FacePictures
from .verification import same_expression_verification

COMPONENTS = {'identity': 'f_id', 'pose': 'f_pose', 'expression': 'f_exp'}


@torch.no_grad()
def extract_components(model: BaseModel,
                       pictures: torch.Tensor) -> dict[str, np.ndarray]:
    """Embed faces with all encoders of a model.

    Args:
        model (BaseModel): In eval mode: IPD-FER, ID-FER, or a classifier of
            mmpretrain, whose one feature, the input of its head, is compared
            as that of the expression.
        pictures (torch.Tensor): (N, 3, H, W) as the data preprocessor gives
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
    for batch in pictures.split(BATCH_SIZE):
        batch = batch.to(device)
        if isinstance(model, IPDFERModel):
            feats = model.extract_feats(batch)
        else:
            feats = dict(expression=model.extract_feat(
                batch, stage='pre_logits'))
        for key, name in COMPONENTS.items():
            if key in feats:
                parts.setdefault(name, []).append(
                    feats[key].flatten(1).float().cpu())
    return {name: torch.cat(part).numpy() for name, part in parts.items()}


def find_factors(
        pictures: FacePictures) -> tuple[dict[str, Factor], dict[str, str]]:
    """Find what a data set knows of its pictures, for probes.

    Args:
        pictures (FacePictures): The pictures.

    Returns:
        tuple[dict[str, Factor], dict[str, str]]: ``identity``, ``yaw`` (its
        class) and ``expression``, and why one of them is left out.

    Raises:
        ValueError: If a picture does not say whom it shows.
    """
    people = pictures.subjects
    nameless = int((people == '').sum())
    if nameless:
        raise ValueError(
            f'{nameless} of {len(people)} pictures have no `subject`. '
            'Features are tested on people whom a probe has not seen, so use '
            'a data set that knows them: SyntheticFaces, CMUFaces, CKPlus, or '
            'CSVFER with a column `subject`.')
    poses = np.array([pose_class(yaw) for yaw in pictures.yaws])
    _, person, counts = np.unique(
        people, return_inverse=True, return_counts=True)
    everybody = np.ones(len(people), dtype=bool)
    # Somebody with one picture cannot be fitted and tested.
    factors = dict(
        identity=Factor(people, counts[person] > 1),
        yaw=Factor(poses, poses != UNKNOWN_POSE, people),
        expression=Factor(pictures.expressions, everybody, people))
    left_out = {}
    for name, factor in list(factors.items()):
        known = np.unique(factor.labels[factor.known])
        if len(known) < 2:
            del factors[name]
            left_out[f'probes/{name}'] = (
                f'the pictures show {len(known)} of its classes, and a probe '
                'needs two')
    return factors, left_out


def measure_components(feats: dict[str, np.ndarray],
                       pictures: FacePictures,
                       splits: int = 5,
                       permutations: int = 20,
                       seed: int = 0) -> dict:
    """Measure what is known of the features alone.

    Args:
        feats (dict[str, np.ndarray]): As of :func:`extract_components`.
        pictures (FacePictures): What the features were made from.
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
        ValueError: If the data set knows too little, see
            :func:`find_factors`, or there are too few pictures or people.
    """
    factors, left_out = find_factors(pictures)
    report: dict = dict(
        probes={
            kind: leakage_matrix(feats, factors, kind, splits, seed)
            for kind in PROBES
        },
        verification={
            name: same_expression_verification(
                feat, pictures.subjects, pictures.expressions)
            for name, feat in feats.items()
        })
    if np.isnan(pictures.yaws).all():
        left_out['yaw'] = 'no yaw is known'
    else:
        report['yaw'] = {
            name: yaw_r2(feat, pictures.yaws, pictures.subjects, splits)
            for name, feat in feats.items()
        }
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
