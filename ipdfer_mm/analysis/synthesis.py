"""How well faces are rebuilt, and whose faces they are."""

import warnings

import numpy as np
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline

# Of Fisherfaces: random halves to average over, principal components.
NUM_HALVES = 10
NUM_COMPONENTS = 60


class TooFewPicturesError(ValueError):
    """There are not enough test pictures to tell people apart."""


def reconstruction_error(pictures: np.ndarray, reconstructions: np.ndarray,
                         mean_picture: np.ndarray) -> dict[str, float]:
    """Mean absolute error of reconstructions, and of doing nothing.

    Args:
        pictures (np.ndarray): (N, ...) in [-1, 1].
        reconstructions (np.ndarray): (N, ...) in [-1, 1].
        mean_picture (np.ndarray): Mean of the training pictures, (...).

    Returns:
        dict[str, float]: ``reconstruction_l1``, ``mean_picture_l1``, what the
        mean picture as everybody's reconstruction gives, and ``l1_ratio`` of
        the two.
    """
    error = float(np.abs(pictures - reconstructions).mean())
    trivial = float(np.abs(pictures - mean_picture).mean())
    return dict(
        reconstruction_l1=error,
        mean_picture_l1=trivial,
        l1_ratio=error / trivial)


def identity_cosine(feats: np.ndarray, real_feats: np.ndarray,
                    subjects: np.ndarray) -> dict[str, float]:
    """Compare synthesised faces with real ones of the same and other people.

    Args:
        feats (np.ndarray): Identity features of the synthesised faces, (N, D).
        real_feats (np.ndarray): Those of the pictures they were synthesised
            from, (N, D).
        subjects (np.ndarray): Who they show, (N, ).

    Returns:
        dict[str, float]: Mean cosine with other real pictures of the
        ``same_person`` and with those of ``other_people``, and the ``auc``
        with which the cosine tells the two apart. A face is not compared with
        the picture that it was made from.

    Raises:
        TooFewPicturesError: If there are not two people, or nobody has two
            pictures.
    """
    feats = feats / np.linalg.norm(feats, axis=1, keepdims=True)
    real_feats = real_feats / np.linalg.norm(
        real_feats, axis=1, keepdims=True)
    cosine = feats @ real_feats.T  # NxN
    same = subjects[:, None] == subjects[None]
    other_picture = ~np.eye(len(subjects), dtype=bool)
    if same.all() or not same[other_picture].any():
        raise _too_few(subjects)
    return dict(
        same_person=float(cosine[same & other_picture].mean()),
        other_people=float(cosine[~same].mean()),
        auc=float(
            roc_auc_score(same[other_picture], cosine[other_picture])))


def fisherface_accuracy(pictures: np.ndarray,
                        real_pictures: np.ndarray,
                        subjects: np.ndarray) -> float:
    """Share of faces that Fisherfaces recognise as their own person.

    An identity measure that shares nothing with a neural network: principal
    components and linear discriminant analysis of the grey pixels (Belhumeur
    et al., 1997), by scikit-learn. It is fitted to a random half of the real
    pictures and asked about faces made from the other half, so a face is
    never compared with the picture that it was made from.

    Args:
        pictures (np.ndarray): Faces to recognise, (N, H, W) grey.
        real_pictures (np.ndarray): What they were made from, (N, H, W) grey.
        subjects (np.ndarray): Who they show, (N, ).

    Returns:
        float: Accuracy in [0, 1]; chance is one over the number of people.

    Raises:
        TooFewPicturesError: If a half has not two people, or has nobody
            twice.
    """
    rng = np.random.default_rng(0)
    flat = pictures.reshape(len(pictures), -1)
    real = real_pictures.reshape(len(real_pictures), -1)
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
            # The spread of somebody with one picture here, which is taken
            # as 0: scikit-learn would say so for each of many people.
            warnings.filterwarnings('ignore', message='Only one sample')
            model.fit(real[fit], subjects[fit])
        scores.append(model.score(flat[ask], subjects[ask]))
    return float(np.mean(scores))


def _too_few(subjects: np.ndarray) -> TooFewPicturesError:
    return TooFewPicturesError(
        f'{len(subjects)} test picture(s) of {len(set(subjects))} '
        'person(s) are too few to tell whose faces are synthesised: a '
        'random half of them must show two people, and one of these '
        'twice. Take more pictures, such as with a larger --max-yaw.')
