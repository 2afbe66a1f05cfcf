"""Head pose by a network that the user brings."""

from pathlib import Path

import cv2
import numpy as np

from ipdfer_mm.utils.files import sha256
from ipdfer_mm.utils.images import swap_channels
from ipdfer_mm.utils.onnx_classifier import open_session

from .angles import Angles, FaceImage

# Side of the square that the network sees and the shift of its middle
# upwards, in distances between eyes and mouth.
SQUARE = 3.2
LIFT = 0.1


class NetworkPose:
    """``onnx``: networks that give yaw, pitch and roll in degrees.

    Each takes a float32 image (1, 3, S, S), BGR, with values
    (x - 127.5) / 128, as FSA-Net does; S is read from the file. It sees a
    square around the face, or, without points, the middle of the image.
    Several networks are averaged.

    Args:
        *files (str): ONNX files.

    Raises:
        ImportError: If onnxruntime is not installed.
        FileNotFoundError: If a file is missing.
        ValueError: If a file is no ONNX file, or a network's input or output
            has another form.
    """

    def __init__(self, *files: str) -> None:
        try:
            import onnxruntime
        except ImportError as error:
            raise ImportError(
                'Head pose by an ONNX network needs onnxruntime: '
                'pip install onnxruntime') from error
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1  # the processes are many
        self.files = [Path(file) for file in files]
        for file in self.files:
            if not file.is_file():
                raise FileNotFoundError(f'The head-pose network {file} does '
                                        'not exist.')
        self.sessions = [open_session(str(file), options, file)
                         for file in self.files]
        self.sizes = [
            self._input_size(session, file)
            for session, file in zip(self.sessions, self.files)
        ]

    def __call__(self, face: FaceImage) -> Angles:
        """Estimate the pose of a face.

        Args:
            face (FaceImage): A face.

        Returns:
            Angles: The mean of the networks.
        """
        answers = []
        for session, size, file in zip(self.sessions, self.sizes, self.files):
            crop = swap_channels(pose_square(face, size))
            tensor = (crop.astype(np.float32) - 127.5) / 128
            tensor = tensor.transpose(2, 0, 1)[None]
            name = session.get_inputs()[0].name
            answer = np.ravel(session.run(None, {name: tensor})[0])
            if answer.shape != (3, ):
                raise ValueError(f'{file} gives {answer.size} numbers for a '
                                 'face, not yaw, pitch and roll.')
            answers.append(answer)
        return Angles(*map(float, np.mean(answers, axis=0)))

    @staticmethod
    def _input_size(session, file: Path) -> int:
        shape = session.get_inputs()[0].shape
        if len(shape) != 4 or shape[1] != 3 or shape[2] != shape[3] or (
                not isinstance(shape[2], int)):
            raise ValueError(f'{file} takes an input of shape {shape}; a '
                             'head-pose network takes (1, 3, S, S).')
        return shape[2]

    def describe(self) -> dict:
        """Name and settings for ``recipe.json``."""
        return dict(
            name='onnx',
            channel_order='bgr',
            files={file.name: sha256(str(file)) for file in self.files})


def pose_square(face: FaceImage, size: int) -> np.ndarray:
    """The square around a head that pose networks are trained on.

    Upright in the image, since the network tells the roll.

    Args:
        face (FaceImage): A face; without points, the largest square in the
            middle of its image is taken.
        size (int): Side of the result in pixels.

    Returns:
        np.ndarray: RGB, uint8 (size, size, 3).
    """
    if face.points is None:
        height, width = face.image.shape[:2]
        middle = np.array([(width - 1) / 2, (height - 1) / 2])
        side = float(min(height, width))
    else:
        eyes = face.points[:2].mean(axis=0)
        mouth = face.points[3:].mean(axis=0)
        length = max(float(np.linalg.norm(mouth - eyes)), 1.0)
        middle = (eyes + mouth) / 2 - (0, LIFT * length)
        side = SQUARE * length
    scale = size / side
    shift = (size - 1) / 2 - scale * middle
    matrix = np.column_stack([scale * np.eye(2), shift])
    return cv2.warpAffine(
        face.image,
        matrix, (size, size),
        flags=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE)
