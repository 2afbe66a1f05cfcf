"""From a PyTorch model to an ONNX file that gives the same."""

import json
from collections.abc import Sequence

import numpy as np
import torch
from mmengine.model import BaseModel

from ipdfer_mm.utils.onnx_classifier import (
    INPUT,
    META,
    OUTPUT,
    OnnxClassifier,
    import_optional,
)
from ipdfer_mm.version import __version__

from .faces import batches
from .image_classifier import ImageClassifier

# The lowest that torch's exporter writes; onnxruntime reads it from 1.14 on.
OPSET = 18
TOLERANCE = 1e-4
BATCH = 32
LAYOUT = ('aligned faces, RGB, uint8 (batch, height, width, channel); '
          'normalization is part of the network')


def export_onnx(model: BaseModel, images: np.ndarray,
                classes: Sequence[str]) -> bytes:
    """Export a classifier, with a batch of any size.

    Args:
        model (BaseModel): As :class:`ImageClassifier` takes it, on the CPU.
        images (np.ndarray): Faces to check the file with, RGB, uint8
            (N, S, S, 3).
        classes (Sequence[str]): Names in the order of the scores.

    Returns:
        bytes: Content of the ONNX file.

    Raises:
        ImportError: If onnx, onnxscript or onnxruntime is missing.
        ValueError: If there are more or fewer names than scores, or on one of
            the images onnxruntime gives another label than PyTorch, or a
            score that differs by more than 1e-4.
    """
    for name in ('onnx', 'onnxscript'):
        import_optional(name)
    network = ImageClassifier(model)
    with torch.inference_mode():
        scores = network(torch.from_numpy(images[:1]))
    if scores.shape[1] != len(classes):
        raise ValueError(
            f'The model gives {scores.shape[1]} scores, but there are '
            f'{len(classes)} names: {", ".join(classes)}.')
    batch = torch.export.Dim('batch')
    program = torch.onnx.export(
        network,
        # Of two: one would be taken for a constant.
        (torch.zeros((2, *images.shape[1:]), dtype=torch.uint8), ),
        input_names=[INPUT],
        output_names=[OUTPUT],
        opset_version=OPSET,
        dynamo=True,
        dynamic_shapes=({0: batch}, ),
        verbose=False)
    proto = program.model_proto
    meta = dict(
        classes=list(classes), input=LAYOUT, ipdfer_mm=__version__)
    proto.metadata_props.add(key=META, value=json.dumps(meta))
    content = proto.SerializeToString()
    check_same(network, OnnxClassifier(content), images)
    return content


def check_same(network: ImageClassifier, exported: OnnxClassifier,
               images: np.ndarray) -> None:
    """Compare PyTorch and onnxruntime.

    Args:
        network (ImageClassifier): What was exported.
        exported (OnnxClassifier): The file.
        images (np.ndarray): RGB, uint8 (N, S, S, 3).

    Raises:
        ValueError: If labels differ, or scores by more than 1e-4.
    """
    with torch.inference_mode():
        expected = np.concatenate([network(torch.from_numpy(batch)).numpy()
                                   for batch in batches(images, BATCH)])
    scores = np.concatenate(
        [exported(batch) for batch in batches(images, BATCH)])
    difference = np.abs(expected - scores).max()
    labels = (expected.argmax(axis=1) != scores.argmax(axis=1)).sum()
    if labels or not difference <= TOLERANCE:
        raise ValueError(
            f'The ONNX file would differ from PyTorch by up to '
            f'{difference:.2g} and give {labels} of {len(images)} images '
            'another label; it was not written.')
