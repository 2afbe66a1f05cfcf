"""Every command of README and site: run as written, or why not."""

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
# Of the others: pattern and reason.
NOT_RUN = {
    r'pip install|-m venv|source \.venv': 'installations; tools/setup.sh, '
    'which .ci/run calls, does the same',
    r'pre-commit': 'changes the checkout',
    r'^(ruff|codespell|lint-imports|mkdocs)|check_types|run_tests|-m pytest|'
    r'tools/setup\.sh': 'run by .ci/run or by hand, about the tests',
    r'run_fork_tests': 'an hour; numbers in docs/install.md',
    r'run_demo': 'seven minutes; tests/test_tools/test_demo.py runs it small',
    r'ipdfer webpage|tools/webpage': 'runs until Ctrl-C; '
    'tests/test_webpage starts it',
    r'--webcam': 'needs a camera; test_annotation.py has a stand-in',
    r'dist_(train|test)|slurm|NNODES|10\.0\.0\.1': 'several GPUs or a '
    'cluster; test_distributed.py and test_slurm.py run them small',
    r'-m benchmarks|benchmarks/gpu': 'minutes to hours, or needs a GPU; '
    'tests/test_benchmarks is small',
    r'run_experiments|make_tables|plot_results|_RAFDB=|rendered_experiment|'
    r'full_size': 'hours to days; test_paper_rows.py runs the rows as smoke, '
    'docs/findings.md has the numbers of the others',
    r'CKPLUS_FOLD|^for fold|^done': 'ten trainings; as test_paper_rows.py',
    r'cmufaces': 'needs the photographs; test_configs.py builds it',
    r'ict_facekit': 'needs a checkout of ICT-FaceKit; test_ict_facekit.py',
    r'configs/(baseline|ipdfer)_rendered\.py$|render_faces|'
    r'disentanglement_report': 'hours; tests/test_tools runs them small',
    r'model_converters': 'with small images in tests/test_tools',
    r'holidays|interview|best_accuracy_top1_epoch_20': 'stand for files of '
    'the user; tests/test_tools/test_infer.py',
    r'holdout|--resume|runs/a': 'variants of the training above; '
    'tests/test_tools/test_train.py',
    r'verify_dataset': 'fails on a tiny copy; test_verify_dataset.py',
    # The same by the other name of the program.
    r'python tools/(train|prepare_dataset)\.py|mim train': 'as `ipdfer` above',
}


def as_run(command: str) -> str:
    """Configs by name are looked up in the package, whose networks are large.
    """
    return re.sub(r'(?<= )ipdfer_rafdb\.py', 'configs/ipdfer_rafdb.py',
                  command.replace('configs/ipdfer_rafdb', 'ipdfer_rafdb'))


def test_each_is_run_or_has_a_reason():
    found = set(shell_lines())
    assert len(found) > 60
    left = [command for command in found if as_run(command) not in RUN
            and not any(re.search(pattern, command) for pattern in NOT_RUN)]
    assert not left
    # Nothing is listed that is not documented any more.
    assert {as_run(command) for command in found} >= set(RUN)
    for pattern in NOT_RUN:
        assert any(re.search(pattern, command) for command in found), pattern


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
