"""Images and weights that are damaged in all ways, for inference."""

from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from helpers.damage import assert_named, damaged, fuzz
from helpers.tiny_run import save_plain_classifier
from hypothesis import given
from hypothesis import strategies as st

from ipdfer_mm.apis import ExpressionInferencer, get_model
from ipdfer_mm.datasets.transforms import LoadFaceImage
from ipdfer_mm.utils.weight_files import save_weights

SUFFIXES = ('.png', '.jpg', '.bmp', '.tiff', '.webp', '.pgm')


@pytest.fixture(scope='module')
def classifier(tmp_path_factory) -> tuple[Path, Path]:
    """A config and its weights, also as safetensors beside them."""
    config, weights = save_plain_classifier(tmp_path_factory.mktemp('plain'))
    state = torch.load(weights, weights_only=True)['state_dict']
    save_weights(weights.with_suffix('.safetensors'), state,
                 dict(dataset_meta=dict(classes=list('abcdefg'))))
    return config, weights


@pytest.fixture(scope='module')
def plain(classifier) -> ExpressionInferencer:
    return ExpressionInferencer(*classifier, device='cpu',
                                classes=list('abcdefg'))


@pytest.mark.parametrize('suffix', SUFFIXES)
@fuzz
@given(data=st.data())
def test_damaged_images(plain, tmp_path_factory, suffix, data):
    """One of two files: the other is recognized, in training it is named."""
    folder = tmp_path_factory.mktemp('images')
    image = np.random.default_rng(0).integers(0, 256, (24, 24), np.uint8)
    content = cv2.imencode(suffix, image)[1].tobytes()
    (folder / f'a{suffix}').write_bytes(data.draw(damaged(content)))
    (folder / f'b{suffix}').write_bytes(content)
    path = folder / f'a{suffix}'
    first, second = plain(folder, aligned=True)
    assert len(second.faces) == 1
    assert (first.error is None) == (len(first.faces) == 1)
    assert first.error is None or str(path) in first.error
    assert_named(partial(LoadFaceImage(), dict(img_path=str(path))), path)


@pytest.mark.parametrize('suffix', ['.pth', '.safetensors'])
@fuzz
@given(data=st.data())
def test_damaged_weights(classifier, suffix, data):
    config, weights = classifier
    path = weights.with_suffix(suffix)
    content = path.read_bytes()
    other = path.with_name(f'damaged{suffix}')
    # Mostly at the beginning, where what is not numbers stands.
    head = data.draw(st.sampled_from([0, 300, len(content)]))
    other.write_bytes(data.draw(damaged(content[:head])) + content[head:])
    assert_named(partial(get_model, config, other, 'cpu'), other,
                 (ValueError, RuntimeError, OSError))
