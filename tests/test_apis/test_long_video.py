"""An hour of video needs no more memory than its first minutes."""

import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from ipdfer_mm.apis.annotation import AnnotationJob
from ipdfer_mm.apis.results import Face, ImageResult
from ipdfer_mm.apis.video_annotation import annotate_video
from ipdfer_mm.preparation.head_pose import Angles
from ipdfer_mm.utils.video import written_video

FPS = 25
HOUR = 3600 * FPS  # frames
SIZE = 64
CLASSES = ('happiness', 'neutral')


def resident() -> float:
    """Memory of this process in MiB."""
    status = Path('/proc/self/status').read_text()
    return int(re.search(r'VmRSS:\s+(\d+) kB', status)[1]) / 1024


class Recognizer:
    """Stands in for the networks: a face of another subject each minute.

    Notes the memory every 1,000 frames.
    """

    classes = CLASSES
    model = SimpleNamespace(_reliability=None)
    finder = None

    def __init__(self) -> None:
        self.memory = []

    def iterate(self, images, *args):
        for number, image in enumerate(images):
            if number % 1000 == 0:
                self.memory.append(resident())
            share = number % 100 / 100
            left = 40 * (number // (60 * FPS) % 2)  # no overlap
            face = Face(
                np.array([left, 0, left + 20, 30.]), None, 0.9,
                dict(happiness=share, neutral=1 - share), Angles(0., 0., 0.))
            yield ImageResult(None, (face, )), image


@pytest.mark.slow
def test_hour_of_video(tmp_path):
    source = tmp_path / 'hour.mp4'
    frame = np.zeros((SIZE, SIZE, 3), np.uint8)
    with written_video(source, FPS) as writer:
        for number in range(HOUR):
            frame[:] = number % 256
            writer.write(frame)
    recognizer = Recognizer()
    summary = annotate_video(
        AnnotationJob(recognizer, tmp_path / 'out'), source, 'hour')
    assert summary.num_done == HOUR and summary.num_tracks == 60
    with open(tmp_path / 'out/hour.csv') as file:
        assert sum(1 for _ in file) == HOUR + 1
    print('MiB every 10,000 frames:',
          [round(value) for value in recognizer.memory[::10]])
    # From the third minute on; 90,000 frames of this size are 1 GiB.
    assert max(recognizer.memory[5:]) - recognizer.memory[5] < 40
