"""Errors of synthesized faces, and their identity."""

import warnings

import numpy as np
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline

from .probes import TooFewImagesError

# Of Fisherfaces: random halves to average over, principal components.
NUM_HALVES = 10
NUM_COMPONENTS = 60


def reconstruction_error(images: np.ndarray, reconstructions: np.ndarray,
                         mean_image: np.ndarray) -> dict[str, float]:
    """Mean absolute error of reconstructions, and of doing nothing.

    Args:
        images (np.ndarray): (N, ...) in [-1, 1].
        reconstructions (np.ndarray): (N, ...) in [-1, 1].
        mean_image (np.ndarray): Mean of the training images, (...).

    Returns:
        dict[str, float]: ``reconstruction_l1``, ``mean_image_l1``, what the
        mean image as the reconstruction of every image gives, and ``l1_ratio``
        of the two.
    """
    error = float(np.abs(images - reconstructions).mean())
    trivial = float(np.abs(images - mean_image).mean())
    return dict(
        reconstruction_l1=error,
        mean_image_l1=trivial,
        l1_ratio=error / trivial)


def identity_cosine(feats: np.ndarray, real_feats: np.ndarray,
                    subjects: np.ndarray) -> dict[str, float]:
    """Compare synthesized faces with real ones of the same and other subjects.

    Args:
        feats (np.ndarray): Identity features of the synthesized faces, (N, D).
        real_feats (np.ndarray): Those of the images they were synthesized
            from, (N, D).
        subjects (np.ndarray): Their subjects, (N, ).

    Returns:
        dict[str, float]: Mean cosine with other real images of the
        ``same_subject`` and with those of ``other_subjects``, and the ``auc``
        with which the cosine tells the two apart. A face is not compared with
        the image that it was made from.

    Raises:
        TooFewImagesError: If there are not two subjects, or none has two
            images.
    """
    feats = feats / np.linalg.norm(feats, axis=1, keepdims=True)
    real_feats = real_feats / np.linalg.norm(
        real_feats, axis=1, keepdims=True)
    cosine = feats @ real_feats.T  # NxN
    same = subjects[:, None] == subjects[None]
    other_image = ~np.eye(len(subjects), dtype=bool)
    if same.all() or not same[other_image].any():
        raise _too_few(subjects)
    return dict(
        same_subject=float(cosine[same & other_image].mean()),
        other_subjects=float(cosine[~same].mean()),
        auc=float(
            roc_auc_score(same[other_image], cosine[other_image])))


def fisherface_accuracy(images: np.ndarray,
                        real_images: np.ndarray,
                        subjects: np.ndarray) -> float:
    """Share of faces that Fisherfaces recognize as their own subject.

    An identity measure that shares nothing with a neural network: principal
    components and linear discriminant analysis of the gray pixels (Belhumeur
    et al., 1997), by scikit-learn. It is fitted to a random half of the real
    images and asked about faces made from the other half, so a face is
    never compared with the image that it was made from.

    Args:
        images (np.ndarray): Faces to recognize, (N, H, W) gray.
        real_images (np.ndarray): What they were made from, (N, H, W) gray.
        subjects (np.ndarray): Their subjects, (N, ).

    Returns:
        float: Accuracy in [0, 1]; chance is one over the number of subjects.

    Raises:
        TooFewImagesError: If a half has not two subjects, or has none
            twice.
    """
    rng = np.random.default_rng(0)
    flat = images.reshape(len(images), -1)
    real = real_images.reshape(len(real_images), -1)
    scores = []
    for _ in range(NUM_HALVES):
        order = rng.permutation(len(subjects))
        fit, ask = np.array_split(order, 2)
        if not 2 <= len(set(subjects[fit])) < len(fit):
            raise _too_few(subjects)
        model = make_pipeline(
            PCA(min(NUM_COMPONENTS, len(fit) - 1), whiten=True,
                random_state=0),
            LinearDiscriminantAnalysis(solver='lsqr', shrinkage='auto'))
        with warnings.catch_warnings():
            # The spread of a subject with one image here, which is taken
            # as 0: scikit-learn would say so for each of many subjects.
            warnings.filterwarnings('ignore', message='Only one sample')
            model.fit(real[fit], subjects[fit])
        scores.append(model.score(flat[ask], subjects[ask]))
    return float(np.mean(scores))


def _too_few(subjects: np.ndarray) -> TooFewImagesError:
    return TooFewImagesError(
        f'{len(subjects)} test image(s) of {len(set(subjects))} '
        'subject(s) are too few to tell whose faces are synthesized: a '
        'random half of them must show two subjects, and one of these '
        'twice. Take more images, such as with a larger --max-yaw.')
