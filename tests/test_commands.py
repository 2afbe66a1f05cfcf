"""The first commands of README and site, run as written.

Others need hours, a GPU or a camera: test_tools runs them small.
"""

import re

import cv2
import pytest
from helpers.documents import shell_lines
from helpers.paper_datasets import FACE_CHECKPOINT, make_workplace
from helpers.tiny_run import run

from ipdfer_mm.rendering import FaceRenderer, parametric_head
from ipdfer_mm.rendering.clip import describe_clip

# In this order, in a folder with small networks and tiny copies of the
# datasets. `python` is the one of the tests.
RUN = (
    'ipdfer infer family.jpg',
    'ipdfer prepare rafdb data/rafdb',
    'python tools/train.py --help',
    'ipdfer train configs/ipdfer_rafdb.py',
    'ipdfer test configs/ipdfer_rafdb.py '
    'work_dirs/ipdfer_rafdb/epoch_30.pth',
    'python tools/dataset_converters/render_video.py subject.mp4',
    'python tools/infer.py subject.mp4 --synthesis',
    'python tools/analysis_tools/pose_histogram.py rafdb=data/rafdb '
    'sfew=data/sfew',
)

def as_run(command: str) -> str:
    """Configs by name are looked up in the package, whose networks are large.
    """
    return re.sub(r'(?<= )ipdfer_rafdb\.py', 'configs/ipdfer_rafdb.py',
                  command.replace('configs/ipdfer_rafdb', 'ipdfer_rafdb'))


def test_what_is_run_is_documented():
    assert set(map(as_run, shell_lines())) >= set(RUN)


@pytest.mark.slow
def test_runs_as_written(tmp_path):
    folder = make_workplace(tmp_path / 'work', ('sfew', ))
    head = parametric_head()
    spec, _ = describe_clip(len(head.identity), ['happiness'], 2)
    image = FaceRenderer(head).render(spec).image
    cv2.imwrite(str(folder / 'family.jpg'), image[..., ::-1])
    for command in RUN:
        run('bash', '-c', command, cwd=folder, timeout=3600,
            FACE_CHECKPOINT=FACE_CHECKPOINT)
