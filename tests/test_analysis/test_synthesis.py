import numpy as np
import pytest

from ipdfer_mm.analysis.synthesis import (
    fisherface_accuracy,
    identity_cosine,
    reconstruction_error,
)


def test_reconstruction_error_by_hand():
    images = np.array([[0.0, 1.0], [1.0, -1.0]])
    reconstructions = np.array([[0.1, 1.0], [1.0, -0.7]])  # .4 / 4
    result = reconstruction_error(images, reconstructions, np.zeros(2))
    assert result['reconstruction_l1'] == pytest.approx(0.1)
    assert result['mean_image_l1'] == pytest.approx(0.75)
    assert result['l1_ratio'] == pytest.approx(0.1 / 0.75)


def test_identity_cosine_of_one_hot_features():
    subjects = np.array(['a', 'a', 'b', 'b'])
    feats = np.array([[2.0, 0], [3.0, 0], [0, 1.0], [0, 5.0]])
    result = identity_cosine(feats, feats, subjects)
    assert result == dict(same_subject=1.0, other_subjects=0.0, auc=1.0)


def test_a_face_is_not_compared_with_its_own_source():
    """Two images of each subject, all features orthogonal but to itself."""
    feats = np.eye(4)
    result = identity_cosine(feats, feats, np.array(['a', 'a', 'b', 'b']))
    assert result == dict(same_subject=0.0, other_subjects=0.0, auc=0.5)


def test_identity_cosine_on_noise_is_chance():
    rng = np.random.default_rng(0)
    subjects = np.repeat(np.arange(20), 10)
    result = identity_cosine(
        rng.normal(size=(200, 64)), rng.normal(size=(200, 64)), subjects)
    assert result['auc'] == pytest.approx(0.5, abs=0.05)


def fisher_faces(rng, noise):
    subjects = np.repeat(np.arange(5), 20)
    faces = rng.normal(size=(5, 16, 16))[subjects]
    return faces + noise * rng.normal(size=faces.shape), subjects


def test_fisherfaces():
    rng = np.random.default_rng(0)
    images, subjects = fisher_faces(rng, noise=0.5)
    assert fisherface_accuracy(images, images, subjects) > 0.95
    noise = rng.normal(size=images.shape)
    accuracy = fisherface_accuracy(noise, images, subjects)
    assert accuracy == pytest.approx(0.2, abs=0.12)


def test_fisherfaces_never_see_the_image_they_are_asked_about():
    """Random images can only be recognized by heart."""
    rng = np.random.default_rng(0)
    images = rng.normal(size=(100, 16, 16))
    subjects = np.repeat(np.arange(5), 20)
    accuracy = fisherface_accuracy(images, images, subjects)
    assert accuracy == pytest.approx(0.2, abs=0.12)


TOO_FEW = 'test image.* are too few to tell .* larger --max-yaw'


@pytest.mark.parametrize('subjects', ['aaaa', 'abcd'])
def test_images_that_cosines_cannot_tell_apart(subjects):
    feats = np.eye(4)
    with pytest.raises(ValueError, match=f'^4 {TOO_FEW}'):
        identity_cosine(feats, feats, np.array(list(subjects)))


@pytest.mark.parametrize('subjects', ['aaaa', 'abcd', 'aaaaaaab', 'a'])
def test_too_few_images_for_fisherfaces(subjects):
    """Of one subject, none twice, one subject in a half, an empty half."""
    images = np.random.default_rng(0).normal(size=(len(subjects), 8, 8))
    with pytest.raises(ValueError, match=f'^{len(subjects)} {TOO_FEW}'):
        fisherface_accuracy(images, images, np.array(list(subjects)))
