"""A model on aligned faces, by PyTorch and by ONNX Runtime."""

import numpy as np
import pytest
from helpers.tiny_run import save_plain_classifier

from ipdfer_mm.apis import ExpressionInferencer
from ipdfer_mm.deployment import export_onnx

pytest.importorskip('onnxscript', reason='needs requirements/tests.txt')
CLASSES = list('abcdefg')


@pytest.fixture(scope='module')
def files(tmp_path_factory):
    """Config and checkpoint, and the ONNX file of the same."""
    folder = tmp_path_factory.mktemp('plain')
    config, checkpoint = save_plain_classifier(folder)
    model = ExpressionInferencer(
        config, checkpoint, device='cpu', classes=CLASSES).model
    faces = np.random.default_rng(0).integers(0, 256, (4, 32, 32, 3), np.uint8)
    (folder / 'plain.onnx').write_bytes(export_onnx(model, faces, CLASSES))
    return config, checkpoint, folder / 'plain.onnx'


def test_onnx_recognizes_in_place_of_the_model(files, monkeypatch):
    config, checkpoint, onnx = files
    plain, fast = (
        ExpressionInferencer(config, checkpoint, device='cpu',
                             classes=CLASSES, onnx=file)
        for file in (None, onnx))
    images = list(np.random.default_rng(1).integers(
        0, 256, (5, 40, 30, 3), np.uint8))
    expected = plain(images, aligned=True)
    monkeypatch.setattr(fast.model, 'forward', None)
    for result, other in zip(fast(images, aligned=True, batch_size=3),
                             expected):
        (face, ), (same, ) = result.faces, other.faces
        assert face.label == same.label
        np.testing.assert_allclose(list(face.probabilities.values()),
                                   list(same.probabilities.values()),
                                   atol=1e-4)


def test_onnx_of_another_model_is_refused(files):
    config, checkpoint, onnx = files
    with pytest.raises(ValueError, match='plain.onnx tells a, b, .*the model '
                       'b, a, c.*export the model again'):
        ExpressionInferencer(config, checkpoint, device='cpu',
                             classes=list('bacdefg'), onnx=onnx)
    with pytest.raises(FileNotFoundError, match='absent.onnx'):
        ExpressionInferencer(config, checkpoint, device='cpu',
                             classes=CLASSES, onnx=onnx.parent / 'absent.onnx')
