from dataclasses import replace

import numpy as np
import pytest
import torch
from helpers.face_images import fear_classifier, random_images, rendered_faces
from helpers.small_model import SIZE, build_model

from ipdfer_mm.analysis.swap import decode_swap, measure_swap
from ipdfer_mm.analysis.swap_rendering import (
    SwapImages,
    SwapRenderer,
    draw_donors,
    swap_kinds,
)
from ipdfer_mm.analysis.synthesis_report import (
    classify_expressions,
    load_images,
)


@pytest.fixture(scope='module')
def model():
    return build_model().eval()


@pytest.fixture(scope='module')
def faces(tmp_path_factory):
    return rendered_faces(tmp_path_factory.mktemp('faces'), 15)


@pytest.fixture(scope='module')
def images(faces, model):
    return load_images(faces, model)


@pytest.mark.parametrize('pose', [True, False])
def test_each_donor_gives_its_component(model, pose):
    one, two, three = (random_images(seed, 6) for seed in range(3))
    if not pose:
        model = build_model(pose_encoder=None, pose_head=None).eval()
        # The pose comes with the expression.
        assert swap_kinds(model) == dict(pose_and_expression=(0, 2, 2))
    with torch.no_grad():
        feat = model.identity_encoder(one) + model.expression_encoder(three)
        expected = model.decoder(
            feat + model.pose_encoder(two) if pose else feat)
    torch.testing.assert_close(decode_swap(model, one, two, three), expected)


def test_donors_differ(images):
    donors = draw_donors(images, 20)
    assert sorted(donors[:15, 0]) == list(range(15))
    subjects = images.subjects[donors]
    assert all(len(set(row)) == 3 for row in subjects)
    bins = np.digitize(np.abs(images.yaws), (10, 20, 30, 40))[donors]
    assert (bins[:, 0] != bins[:, 1]).all()
    expressions = images.expressions[donors]
    assert (expressions[:, 0] != expressions[:, 2]).all()
    np.testing.assert_array_equal(draw_donors(images, 20), donors)
    assert (draw_donors(images, 20, seed=1) != donors).any()


def test_two_subjects_are_too_few(images):
    two = images.subjects.copy()
    two[:] = ['a', 'b'] * 7 + ['a']
    with pytest.raises(ValueError, match='three subjects'):
        draw_donors(replace(images, subjects=two), 3)


def test_rendered_swaps(faces, model, images):
    renderer = SwapRenderer(faces, model, images)
    donors = draw_donors(images, 3)
    swaps = renderer.render(donors)

    def assert_shows(image, spec):
        np.testing.assert_allclose(
            (image.permute(1, 2, 0) + 1) * 127.5,
            renderer.renderer.render(spec).image, atol=1e-3)

    first, frontal = renderer.frontal_neutrals()
    for index, image in zip(first, frontal):
        spec = renderer.describe(index)
        assert_shows(image, replace(
            spec, expression={}, yaw=0.0, pitch=0.0, roll=0.0))
    assert len(set(images.subjects[first])) == 5 == len(frontal)
    for number, (one, two, three) in enumerate(donors):
        spec, turned, acting = map(renderer.describe, (one, two, three))
        assert_shows(images.images[one], spec)  # as that of the dataset
        assert_shows(swaps.truth[number], replace(
            spec, yaw=turned.yaw, pitch=turned.pitch, roll=turned.roll,
            expression=acting.expression))
        # Another subject in the same room.
        assert_shows(swaps.donors['pose'][number],
                     replace(turned, light=spec.light, seed=spec.seed))
        assert swaps.expressions[number] == images.expressions[three]
        assert swaps.poses[number] == np.digitize(
            abs(images.yaws[two]), (10, 20, 30, 40))


class Part(torch.nn.Module):
    """The columns of an image from one to another, the others 0."""

    def __init__(self, first, last):
        super().__init__()
        mask = torch.zeros(3, SIZE, SIZE)
        mask[:, :, first:last] = 1
        self.mask = torch.nn.Parameter(mask)

    def forward(self, x):
        return (x * self.mask).flatten(1)


class Copies(torch.nn.Module):
    """A model whose components are parts of the image, rebuilt exactly."""

    def __init__(self):
        super().__init__()
        self.identity_encoder = Part(0, 10)
        self.pose_encoder = Part(10, 20)
        self.expression_encoder = Part(20, SIZE)

    def decoder(self, feat):
        return feat.view(-1, 3, SIZE, SIZE)

    def pose_head(self, feats):
        """The class is written into the image."""
        value = feats[0].view(-1, 3, SIZE, SIZE)[:, 0, 0, 10]
        return torch.nn.functional.one_hot(
            (value * 5).round().long().clamp(0, 4), 5)


def test_a_perfect_model():
    model = Copies().eval()
    poses = np.array([0, 1, 2, 3, 4, 0])
    donors = dict(zip(('identity', 'pose', 'expression'),
                      (random_images(seed, 6) for seed in range(3))))
    donors['pose'][:, 0, 0, 10] = torch.from_numpy(poses) / 5
    truth = torch.cat(
        [donors['identity'][..., :10], donors['pose'][..., 10:20],
         donors['expression'][..., 20:]], dim=3)
    swaps = SwapImages(donors, truth, poses, np.array(['fear'] * 6))
    mean = torch.zeros(3, SIZE, SIZE)
    result = measure_swap(model, swaps, mean, None)
    assert result['swap_l1'] == result['truth_reconstruction_l1'] == 0
    assert result['reconstruction_l1'] == 0
    assert result['no_swap_l1'] == pytest.approx(
        float((donors['identity'] - truth).abs().mean()))
    assert result['mean_image_l1'] == pytest.approx(float(truth.abs().mean()))
    assert (result['closer'], result['num_swaps']) == (1, 6)
    attributes = result['attributes']
    assert attributes['swap'] == attributes['truth'] == dict(
        identity=1, pose=1)
    assert attributes['no_swap']['identity'] == 1
    assert attributes['no_swap']['pose'] < 1


def test_the_classifier_is_asked_for_the_class_of_the_third(model, images):
    donors = dict(zip(('identity', 'pose', 'expression'),
                      (random_images(seed, 4) for seed in range(3))))
    swaps = SwapImages(donors, random_images(3, 4), np.zeros(4),
                       np.array(['fear', 'anger', 'fear', 'fear']))
    result = measure_swap(model, swaps, torch.zeros(3, SIZE, SIZE), images,
                          classifier=fear_classifier())
    for cell in result['attributes'].values():
        assert cell['expression'] == 0.75


def test_the_classifier_gets_faces_of_its_size(images):
    classifier = fear_classifier(2 * SIZE)
    seen = []
    classifier.backbone.register_forward_hook(
        lambda _, inputs, output: seen.append(inputs[0].shape[-2:]))
    classify_expressions(classifier, dict(fakes=random_images(0, 15)), images)
    assert seen == [(2 * SIZE, 2 * SIZE)]
