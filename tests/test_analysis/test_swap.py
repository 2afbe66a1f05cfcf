from dataclasses import replace

import numpy as np
import pytest
import torch
from helpers.small_model import SIZE, build_model
from helpers.tiny_run import baseline_cfg

from ipdfer_mm.analysis.swap import decode_swap, measure_swap
from ipdfer_mm.analysis.swap_rendering import (
    SwapImages,
    SwapRenderer,
    draw_donors,
    swap_kinds,
)
from ipdfer_mm.analysis.synthesis_report import load_images
from ipdfer_mm.datasets import EXPRESSIONS, SyntheticFaces
from ipdfer_mm.registry import MODELS
from ipdfer_mm.utils import register_all_modules

PIPELINE = [dict(type='LoadFaceImage'), dict(type='PackFaceInputs')]


@pytest.fixture(scope='module')
def model():
    return build_model().eval()


@pytest.fixture(scope='module')
def faces(tmp_path_factory):
    register_all_modules()
    return SyntheticFaces(
        str(tmp_path_factory.mktemp('faces')),
        'test',
        num_subjects=5,
        num_images=15,
        img_size=SIZE,
        num_workers=0,
        test_mode=True,
        pipeline=PIPELINE)


@pytest.fixture(scope='module')
def images(faces, model):
    return load_images(faces, model)


def random_images(count=6, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(count, 3, SIZE, SIZE, generator=generator) * 2 - 1


def test_a_swap_with_itself_is_the_reconstruction(model):
    inputs = random_images()
    expected = model.synthesize(inputs)['reconstruction'].detach()
    torch.testing.assert_close(
        decode_swap(model, inputs, inputs, inputs), expected)


def test_each_donor_gives_its_component(model):
    one, two, three = (random_images(seed=seed) for seed in range(3))
    with torch.no_grad():
        expected = model.decoder(
            model.identity_encoder(one) + model.pose_encoder(two)
            + model.expression_encoder(three))
    torch.testing.assert_close(decode_swap(model, one, two, three), expected)


def test_without_a_pose_encoder():
    model = build_model(pose_encoder=None, pose_head=None).eval()
    one, two, three = (random_images(seed=seed) for seed in range(3))
    with torch.no_grad():
        expected = model.decoder(
            model.identity_encoder(one) + model.expression_encoder(three))
    torch.testing.assert_close(decode_swap(model, one, two, three), expected)
    # The pose comes with the expression.
    assert swap_kinds(model) == dict(pose_and_expression=(0, 2, 2))


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
    for number, (one, two, three) in enumerate(donors):
        spec, turned, acting = map(renderer.describe, (one, two, three))
        # The same image as that of the dataset, to the last bit.
        mine = renderer.renderer.render(spec).image
        stored = (images.images[one] + 1) * 127.5
        np.testing.assert_allclose(
            stored.permute(1, 2, 0), mine, atol=1e-3)
        truth = renderer.renderer.render(
            replace(spec, yaw=turned.yaw, pitch=turned.pitch,
                    roll=turned.roll, expression=acting.expression)).image
        np.testing.assert_allclose(
            (swaps.truth[number].permute(1, 2, 0) + 1) * 127.5, truth,
            atol=1e-3)
        # Another subject in the same room.
        donor = renderer.renderer.render(
            replace(turned, light=spec.light, seed=spec.seed)).image
        np.testing.assert_allclose(
            (swaps.donors['pose'][number].permute(1, 2, 0) + 1) * 127.5,
            donor, atol=1e-3)
        assert swaps.expressions[number] == images.expressions[three]
        assert swaps.poses[number] == np.digitize(
            abs(images.yaws[two]), (10, 20, 30, 40))


def test_a_swap_of_nothing_is_the_image(faces, model, images):
    renderer = SwapRenderer(faces, model, images)
    swaps = renderer.render(np.array([[4, 4, 4]]))
    for shown in (swaps.truth, *swaps.donors.values()):
        torch.testing.assert_close(shown[0], images.images[4])


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
                      (random_images(seed=seed) for seed in range(3))))
    donors['pose'][:, 0, 0, 10] = torch.from_numpy(poses) / 5
    truth = torch.cat([
        donors['identity'][..., :10], donors['pose'][..., 10:20],
        donors['expression'][..., 20:]
    ], dim=3)
    swaps = SwapImages(donors, truth, poses, np.array(['fear'] * 6))
    mean = torch.zeros(3, SIZE, SIZE)
    result = measure_swap(model, swaps, mean, None)
    assert result['swap_l1'] == result['truth_reconstruction_l1'] == 0
    assert result['reconstruction_l1'] == 0
    assert result['no_swap_l1'] == pytest.approx(
        float((donors['identity'] - truth).abs().mean()))
    assert result['mean_image_l1'] == pytest.approx(
        float(truth.abs().mean()))
    assert (result['closer'], result['num_swaps']) == (1, 6)
    attributes = result['attributes']
    assert attributes['swap'] == attributes['truth'] == dict(
        identity=1, pose=1)
    assert attributes['no_swap']['identity'] == 1
    assert attributes['no_swap']['pose'] < 1


def test_the_classifier_is_asked_for_the_class_of_the_third(model, images):
    """A classifier that always says fear."""
    classifier = MODELS.build(baseline_cfg()).eval()
    torch.nn.init.zeros_(classifier.head.fc.weight)
    with torch.no_grad():
        classifier.head.fc.bias[EXPRESSIONS.index('fear')] = 1
    donors = dict(zip(('identity', 'pose', 'expression'),
                      (random_images(4, seed=seed) for seed in range(3))))
    swaps = SwapImages(donors, random_images(4, seed=3), np.zeros(4),
                       np.array(['fear', 'anger', 'fear', 'fear']))
    result = measure_swap(model, swaps, torch.zeros(3, SIZE, SIZE), images,
                          classifier=classifier)
    for cell in result['attributes'].values():
        assert cell['expression'] == 0.75
