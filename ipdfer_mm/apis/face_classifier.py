"""A model on aligned faces: expressions, and synthesized faces."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from mmengine.dataset import default_collate
from mmengine.model import BaseModel

from ipdfer_mm.utils.images import swap_channels
from ipdfer_mm.utils.onnx_classifier import OnnxClassifier
from ipdfer_mm.visualization.image_grids import to_uint8

from .loading import image_size
from .pipeline import build_pipeline


class FaceClassifier:
    """What a model says of aligned faces.

    Args:
        model (BaseModel): As :func:`ipdfer_mm.apis.get_model` gives it.
        classes (Sequence[str]): Names of the expressions.
        onnx (str or Path, optional): File that recognizes in place of the
            model, see :class:`ExpressionInferencer`.

    Raises:
        FileNotFoundError: If the ONNX file is missing.
        ImportError: If there is one, and no onnxruntime.
        ValueError: If the ONNX file has other classes or another image size
            than the model.
    """

    def __init__(self, model: BaseModel, classes: Sequence[str],
                 onnx: str | Path | None = None) -> None:
        self.model = model
        self.classes = tuple(classes)
        self.pipeline = build_pipeline(model._config)
        self.onnx = None if onnx is None else self._open(onnx)

    def preprocess(self, faces: Sequence[np.ndarray]) -> dict:
        """Make of aligned faces what the model gets.

        Args:
            faces (Sequence[np.ndarray]): ``Face.aligned`` of each.

        Returns:
            dict: ``inputs``, (N, 3, H, W), and ``data_samples``.
        """
        return self.model.data_preprocessor(self._collate(faces), False)

    @torch.no_grad()
    def __call__(self, faces: Sequence[np.ndarray],
                 synthesis: bool) -> list[dict]:
        """Recognize the expressions of faces.

        Args:
            faces (Sequence[np.ndarray]): RGB, uint8 (S, S, 3) each.
            synthesis (bool): Whether to synthesize faces, too.

        Returns:
            list[dict]: Of each face ``probabilities`` and, with synthesis,
            ``aligned``, ``neutral`` and ``reconstruction`` of a
            :class:`Face`.

        Raises:
            ValueError: If the model tells more or fewer expressions apart
                than are named.
        """
        bgr = [swap_channels(face) for face in faces]
        pixels = self._collate(bgr)
        batch = self.model.data_preprocessor(pixels, False)
        if self.onnx is None:
            samples = self.model(**batch, mode='predict')
            scores = torch.stack(
                [sample.pred_score for sample in samples]).numpy(force=True)
        else:  # Nx3xHxW, BGR
            scores = self.onnx(
                pixels['inputs'].flip(1).permute(0, 2, 3, 1).numpy())
        if scores.shape[1] != len(self.classes):
            raise ValueError(
                f'The model tells {scores.shape[1]} expressions apart, but '
                f'{len(self.classes)} are named: {", ".join(self.classes)}.')
        outputs: list[dict] = [
            dict(probabilities=dict(zip(self.classes, row)))
            for row in scores.tolist()]
        if synthesis:
            drawn = self.model.synthesize(batch['inputs'])
            for name in ('neutral', 'reconstruction'):
                for output, face in zip(outputs, to_uint8(drawn[name])):
                    output[name] = swap_channels(face)
            for output, face in zip(outputs, bgr):
                output['aligned'] = face
        return outputs

    def _collate(self, faces: Sequence[np.ndarray]) -> dict:
        """A batch of BGR faces, as a data loader gives it."""
        return default_collate([
            self.pipeline(
                dict(img=face, img_shape=face.shape[:2],
                     ori_shape=face.shape[:2], aligned=True))
            for face in faces
        ])

    def _open(self, file: str | Path) -> OnnxClassifier:
        onnx = OnnxClassifier(file)
        size = image_size(self.model._config)
        if (onnx.classes, onnx.size) != (self.classes, size):
            raise ValueError(
                f'{file} tells {", ".join(onnx.classes)} apart on images of '
                f'{onnx.size} pixels, the model {", ".join(self.classes)} on '
                f'those of {size}: export the model again.')
        return onnx
