"""Running the ONNX files of this package."""

import importlib
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

INPUT, OUTPUT = 'images', 'scores'
# Key in the metadata of a file, which holds JSON.
META = 'ipdfer_mm'


def import_optional(name: str) -> ModuleType:
    """Import what only deployment needs.

    Args:
        name (str): onnx, onnxruntime, or a module of these.

    Returns:
        ModuleType: The module.

    Raises:
        ImportError: If it is not installed; says how to.
    """
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise ImportError(
            f'ONNX files need {name.partition(".")[0]} ({error}): '
            'pip install onnx onnxruntime onnxscript') from error


def open_session(content: str | bytes, options: Any, name: Any) -> Any:
    """Start onnxruntime on the CPU.

    Args:
        content (str or bytes): Path or content of an ONNX file.
        options (onnxruntime.SessionOptions): Options.
        name (Any): What the user calls it.

    Returns:
        onnxruntime.InferenceSession: The session.

    Raises:
        ImportError: If onnxruntime is not installed.
        ValueError: If this is no ONNX file.
    """
    runtime = import_optional('onnxruntime')
    state = import_optional('onnxruntime.capi.onnxruntime_pybind11_state')
    try:
        return runtime.InferenceSession(
            content, options, providers=['CPUExecutionProvider'])
    except state.InvalidProtobuf as error:
        raise ValueError(f'{name} is no ONNX file, or is cut off: {error}'
                         ) from error


class OnnxClassifier:
    """A classifier in an ONNX file, by onnxruntime on the CPU.

    Args:
        file (str, Path or bytes): A file of ``export_onnx.py`` or
            ``quantize_onnx.py``, or its content.
        threads (int, optional): Defaults to None, one for each core.

    Attributes:
        meta (dict): What the file says of itself: ``classes``, ``input`` and
            more.
        size (int): Side of the images in pixels.

    Raises:
        FileNotFoundError: If the file is missing.
        ImportError: If onnxruntime is.
        ValueError: If it is no such file.
    """

    def __init__(self,
                 file: str | Path | bytes,
                 threads: int | None = None) -> None:
        runtime = import_optional('onnxruntime')
        options = runtime.SessionOptions()
        options.intra_op_num_threads = threads or 0
        options.log_severity_level = 3  # errors; quantizing makes it warn
        if not isinstance(file, bytes) and not Path(file).is_file():
            raise FileNotFoundError(f'There is no file {file}.')
        name = 'The content' if isinstance(file, bytes) else file
        self.session = open_session(
            file if isinstance(file, bytes) else str(file), options, name)
        meta = self.session.get_modelmeta().custom_metadata_map.get(META)
        if meta is None:
            raise ValueError(f'{name} is no file of '
                             'tools/model_converters/export_onnx.py.')
        self.meta = json.loads(meta)
        self.size = self.session.get_inputs()[0].shape[1]

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes in the order of the scores."""
        return tuple(self.meta['classes'])

    def __call__(self, images: np.ndarray) -> np.ndarray:
        """Score images.

        Args:
            images (np.ndarray): Aligned faces, RGB, uint8 (N, S, S, 3).

        Returns:
            np.ndarray: Probabilities of the classes, float32 (N, K).
        """
        return self.session.run([OUTPUT], {INPUT: images})[0]
