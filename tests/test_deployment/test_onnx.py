"""ONNX and int8 files against PyTorch; one export, by the commands."""

import sys
from functools import partial

import cv2
import numpy as np
import pytest
import torch
from helpers.small_model import SIZE, build_model, head, resnet
from helpers.tiny_run import (
    NUM_CLASSES,
    ROOT,
    ipdfer_cfg,
    make_rafdb,
    save_identity_weights,
    write_config,
)
from helpers.tools import run_tool
from mmengine.config import Config
from mmengine.registry import init_default_scope

from ipdfer_mm.datasets import EXPRESSIONS
from ipdfer_mm.deployment import OnnxClassifier, dataset_faces
from ipdfer_mm.deployment.image_classifier import ImageClassifier
from ipdfer_mm.deployment.onnx_export import check_same, export_onnx

onnx = pytest.importorskip('onnx', reason='needs requirements/tests.txt')
pytest.importorskip('onnxscript', reason='needs requirements/tests.txt')


command = partial(run_tool, cwd=ROOT)
EXPORT = 'model_converters/export_onnx.py'
QUANTIZE = 'model_converters/quantize_onnx.py'


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    """Config, checkpoint, ONNX file and int8 file of a small model."""
    folder = tmp_path_factory.mktemp('onnx')
    init_default_scope('ipdfer_mm')
    weights = save_identity_weights(folder / 'identity.pth')
    write_config(folder / 'config.py', make_rafdb(folder / 'rafdb'),
                 ipdfer_cfg(weights))
    model = small_model()
    torch.save(dict(state_dict=model.state_dict(),
                    meta=dict(dataset_meta=dict(classes=EXPRESSIONS))),
               folder / 'model.pth')
    command(EXPORT, folder / 'config.py', folder / 'model.pth',
            folder / 'out/fp32.onnx')
    command(QUANTIZE, folder / 'out/fp32.onnx', folder / 'out/int8.onnx',
            folder / 'config.py', '--max-loss', 100, '--num-images', 12)
    return folder


def small_model():
    return build_model(
        expression_head=head(NUM_CLASSES),
        discriminator=dict(type='ipdfer_mm.ExpressionDiscriminator',
                           backbone=resnet(), head=head(NUM_CLASSES)),
        classes=EXPRESSIONS[:NUM_CLASSES]).eval()


def torch_scores(model, images):
    """Scores by the model's own way from OpenCV's images."""
    batch = torch.from_numpy(images[..., ::-1].copy()).permute(0, 3, 1, 2)
    inputs = model.data_preprocessor(dict(inputs=batch))['inputs']
    with torch.no_grad():
        return model(inputs, mode='tensor').softmax(dim=1).numpy()


def test_real_faces(folder, shared):
    files = sorted((shared / 'data/cmu_faces/faces').glob('*/*_open.pgm'))
    images = np.stack([cv2.resize(cv2.imread(str(file)), (SIZE, SIZE))
                       for file in files[::30]])
    images[..., 0] //= 2  # so that the order of channels counts
    model = small_model()
    expected = torch_scores(model, images)
    classifier = OnnxClassifier(folder / 'out/fp32.onnx', threads=1)
    for size in (1, 3, len(images)):
        scores = classifier(images[:size])
        assert np.abs(scores - expected[:size]).max() < 1e-4
        assert (scores.argmax(1) == expected[:size].argmax(1)).all()
    assert np.abs(classifier(images[..., ::-1].copy()) - expected).max() > 1e-3


def test_what_the_file_says(folder):
    proto = onnx.load(folder / 'out/fp32.onnx')
    onnx.checker.check_model(proto)
    assert [opset.version for opset in proto.opset_import
            if opset.domain == ''] == [18]
    assert not any(i.data_location for i in proto.graph.initializer)
    classifier = OnnxClassifier(folder / 'out/fp32.onnx')
    assert classifier.classes == tuple(EXPRESSIONS)
    assert classifier.size == SIZE
    assert 'RGB' in classifier.meta['input']
    (images, ), (scores, ) = (classifier.session.get_inputs(),
                              classifier.session.get_outputs())
    assert images.shape[1:] == [SIZE, SIZE, 3]
    assert images.type == 'tensor(uint8)'
    assert scores.shape[1:] == [NUM_CLASSES]


def test_names_must_be_those_of_the_scores():
    images = np.zeros((1, SIZE, SIZE, 3), np.uint8)
    with pytest.raises(ValueError, match=f'{NUM_CLASSES} scores.* 2 names'):
        export_onnx(small_model(), images, EXPRESSIONS[:2])


def test_int8(folder):
    exact = OnnxClassifier(folder / 'out/fp32.onnx', threads=1)
    rounded = OnnxClassifier(folder / 'out/int8.onnx', threads=1)
    assert rounded.meta == exact.meta
    proto = onnx.load(folder / 'out/int8.onnx')
    sizes = {kind: sum(np.prod(i.dims) for i in proto.graph.initializer
                       if i.data_type == kind and len(i.dims) == 4)
             for kind in (onnx.TensorProto.INT8, onnx.TensorProto.FLOAT)}
    assert sizes[onnx.TensorProto.FLOAT] == 0
    assert sizes[onnx.TensorProto.INT8] == sum(
        parameter.numel() for parameter in
        small_model().expression_encoder.parameters() if parameter.dim() == 4)
    cfg = Config.fromfile(folder / 'config.py')
    images = dataset_faces(cfg, 'test', 7)
    difference = np.abs(exact(images) - rounded(images))
    assert 0 < difference.max() < 0.1


@pytest.mark.parametrize('flags, message', [
    (('--max-loss', -1000), 'was not written'),
    (('--metric', 'uar'), 'measures no uar')])
def test_int8_that_is_not_written(folder, tmp_path, flags, message):
    assert message in command(
        QUANTIZE, folder / 'out/fp32.onnx', tmp_path / 'int8.onnx',
        folder / 'config.py', '--num-images', 2, *flags, fails=True)
    assert not list(tmp_path.iterdir())


def test_refuses_a_file_that_differs(folder):
    exported = OnnxClassifier(folder / 'out/fp32.onnx', threads=1)
    images = dataset_faces(Config.fromfile(folder / 'config.py'), 'test', 3)
    model = small_model()
    check_same(ImageClassifier(model), exported, images)
    with torch.no_grad():
        model.expression_head.fc.bias[0] += 0.01
    with pytest.raises(ValueError, match='differ from PyTorch by up to 0.00'):
        check_same(ImageClassifier(model), exported, images)


def test_export_errors(folder, tmp_path):
    config, checkpoint = folder / 'config.py', folder / 'model.pth'
    for args, message in (
            ((config, checkpoint, tmp_path / 'a.onnx', '--images', tmp_path),
             f'{tmp_path} has no image'),
            ((config, 'missing.pth', tmp_path / 'a.onnx'),
             'missing.pth does not exist')):
        assert message in command(EXPORT, *args, fails=True)
    assert not list(tmp_path.iterdir())


def test_files_that_are_none(folder, tmp_path, monkeypatch):
    with pytest.raises(FileNotFoundError, match='no.onnx'):
        OnnxClassifier(tmp_path / 'no.onnx')
    cut = tmp_path / 'cut.onnx'
    cut.write_bytes((folder / 'out/fp32.onnx').read_bytes()[:5000])
    with pytest.raises(ValueError, match='cut.onnx is no ONNX file'):
        OnnxClassifier(cut)
    proto = onnx.load(folder / 'out/fp32.onnx')
    del proto.metadata_props[:]
    onnx.save(proto, tmp_path / 'other.onnx')
    with pytest.raises(ValueError, match='other.onnx is no file of tools'):
        OnnxClassifier(tmp_path / 'other.onnx')
    monkeypatch.setitem(sys.modules, 'onnxruntime', None)
    with pytest.raises(ImportError, match='pip install onnx onnxruntime'):
        OnnxClassifier(cut)
