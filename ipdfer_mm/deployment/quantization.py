"""Static int8 quantization of an ONNX file."""

import tempfile
from pathlib import Path

import numpy as np
from tqdm import tqdm

from ipdfer_mm.utils.onnx_classifier import INPUT, import_optional

from .faces import batches

BATCH = 32


class CalibrationImages:
    """Gives images to onnxruntime's calibration, as its reader does.

    Args:
        images (np.ndarray): RGB, uint8 (N, S, S, 3).
    """

    def __init__(self, images: np.ndarray) -> None:
        self.batches = iter(tqdm(list(batches(images, BATCH)),
                                 desc='Calibrate', disable=None))

    def get_next(self) -> dict[str, np.ndarray] | None:
        """Return the next batch by the name of the input; None at the end."""
        batch = next(self.batches, None)
        return None if batch is None else {INPUT: batch}


def quantize(content: bytes, images: np.ndarray) -> bytes:
    """Quantize weights and activations to 8 bits.

    Weights get one scale for each output channel; activations are unsigned,
    because CPUs multiply unsigned with signed bytes. A CPU without VNNI adds
    such products in 16 bits, which can overflow, and is slower.

    Args:
        content (bytes): ONNX file of :func:`export_onnx`.
        images (np.ndarray): Faces that tell the range of each activation,
            RGB, uint8 (N, S, S, 3); a few hundred training images.

    Returns:
        bytes: Content of the quantized file, with the same metadata.

    Raises:
        ImportError: If onnx or onnxruntime is missing.
    """
    onnx = import_optional('onnx')
    tools = import_optional('onnxruntime.quantization')
    shapes = import_optional('onnxruntime.quantization.shape_inference')
    with tempfile.TemporaryDirectory() as folder:
        source, plain, out = (
            str(Path(folder, name)) for name in ('a.onnx', 'b.onnx', 'c.onnx'))
        Path(source).write_bytes(content)
        # All shapes are known but the batch; symbolic inference needs sympy.
        shapes.quant_pre_process(source, plain, skip_symbolic_shape=True)
        tools.quantize_static(
            plain, out, CalibrationImages(images), per_channel=True,
            quant_format=tools.QuantFormat.QDQ,
            activation_type=tools.QuantType.QUInt8,
            weight_type=tools.QuantType.QInt8)
        quantized = onnx.load(out)
    # The steps above note things of themselves.
    del quantized.metadata_props[:]
    quantized.metadata_props.extend(
        onnx.load_from_string(content).metadata_props)
    return quantized.SerializeToString()
