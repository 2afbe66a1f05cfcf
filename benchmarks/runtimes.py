"""The same classifier in several runtimes on the CPU."""

from collections.abc import Sequence
from copy import deepcopy

import numpy as np
import torch
import torch.nn as nn
from mmengine.model import BaseModel

from ipdfer_mm.deployment import (
    ImageClassifier,
    OnnxClassifier,
    export_onnx,
    quantize,
)
from ipdfer_mm.deployment.accuracy import Classifier

EAGER = 'PyTorch eager'


def make_runtimes(model: BaseModel, images: np.ndarray,
                  classes: Sequence[str],
                  threads: int) -> dict[str, Classifier]:
    """Prepare a classifier for each runtime.

    Args:
        model (BaseModel): As :class:`ImageClassifier` takes it, on the CPU.
        images (np.ndarray): To check the ONNX file and calibrate int8 with,
            RGB, uint8 (N, S, S, 3).
        classes (Sequence[str]): Names of the classes.
        threads (int): Threads of each runtime.

    Returns:
        dict[str, Callable]: By name; each takes images, RGB, uint8
        (N, S, S, 3), and gives scores, (N, K).
    """
    torch.set_num_threads(threads)
    eager = ImageClassifier(deepcopy(model))
    # For each size of a batch anew; compiling is part of the first call.
    compiled = torch.compile(ImageClassifier(deepcopy(model)), dynamic=False)
    content = export_onnx(deepcopy(model), images, classes)
    return {
        EAGER: _on_arrays(eager),
        'PyTorch channels_last': _on_arrays(
            ImageClassifier(deepcopy(model), torch.channels_last)),
        'torch.compile': _on_arrays(compiled),
        'ONNX Runtime fp32': OnnxClassifier(content, threads),
        'ONNX Runtime int8': OnnxClassifier(
            quantize(content, images), threads),
    }


def _on_arrays(network: nn.Module) -> Classifier:

    @torch.inference_mode()
    def classify(images: np.ndarray) -> np.ndarray:
        return network(torch.from_numpy(images)).numpy()

    return classify
