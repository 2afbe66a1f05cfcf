"""Images and accuracy, computed by hand."""

import cv2
import numpy as np
import pytest
from helpers.small_model import SIZE
from helpers.tiny_run import (
    NUM_CLASSES,
    NUM_TEST,
    baseline_cfg,
    make_rafdb,
    write_config,
)
from mmengine.config import Config
from mmengine.registry import init_default_scope

from ipdfer_mm.deployment import dataset_faces, evaluate, folder_faces
from ipdfer_mm.utils.cli import merge_cfg_options


@pytest.fixture(scope='module')
def cfg(tmp_path_factory):
    folder = tmp_path_factory.mktemp('faces')
    path = write_config(folder / 'config.py', make_rafdb(folder / 'rafdb'),
                        baseline_cfg())
    init_default_scope('ipdfer_mm')
    cfg = Config.fromfile(path)
    merge_cfg_options(cfg, None)  # as all tools do
    return cfg


def read(path):
    return cv2.resize(cv2.imread(str(path)), (SIZE, SIZE))[..., ::-1]


def test_dataset_faces(cfg):
    folder = cfg.test_dataloader.dataset.data_root + '/basic/Image/aligned'
    faces = dataset_faces(cfg, 'test', 3)
    for face, number in zip(faces, (1, 4, 7)):
        assert (face == read(f'{folder}/test_{number:05d}_aligned.jpg')).all()
    # Without the training set's random flips.
    for _ in range(3):
        faces = dataset_faces(cfg, 'train', 2)
        assert (faces[1] == read(f'{folder}/train_00016_aligned.jpg')).all()


def test_folder_faces(tmp_path):
    image = np.zeros((10, 20, 3), dtype=np.uint8)
    image[..., 2] = 200  # red, in OpenCV's order
    (tmp_path / 'a').mkdir()
    for name in ('a/1.png', '2.png', '3.png'):
        cv2.imwrite(str(tmp_path / name), image)
    (tmp_path / 'notes.txt').write_text('no image')
    faces = folder_faces(tmp_path, 8, 10)
    assert faces.shape == (3, 8, 8, 3)
    assert (faces == (200, 0, 0)).all()
    assert len(folder_faces(tmp_path, 8, 2)) == 2
    # Of one that is not square the middle is taken, as in training.
    image[:, 5:15] = 70
    cv2.imwrite(str(tmp_path / '2.png'), image)
    assert (folder_faces(tmp_path, 8, 10)[0] == 70).all()
    (tmp_path / '2.png').write_bytes(b'damaged')
    with pytest.raises(OSError, match='2.png'):
        folder_faces(tmp_path, 8, 10)
    with pytest.raises(ValueError, match='has no image'):
        folder_faces(tmp_path / 'nowhere', 8, 10)


def test_accuracy(cfg):
    folder = cfg.test_dataloader.dataset.data_root + '/basic/Image/aligned'
    seen = []

    def always_first(images):
        seen.extend(images)
        return np.eye(NUM_CLASSES, dtype=np.float32)[[0] * len(images)]

    # Each of the seven classes has one image.
    metrics = evaluate(cfg, dict(first=always_first, other=always_first))
    assert metrics['first']['accuracy/top1'] == pytest.approx(
        100 / NUM_TEST, abs=1e-3)
    assert metrics['first']['single-label/recall'] == pytest.approx(
        100 / NUM_CLASSES, abs=1e-3)
    assert metrics['other'] == metrics['first']
    assert len(seen) == 2 * NUM_TEST
    with pytest.raises(ValueError, match=r"scores of \('joy',\), but"):
        evaluate(cfg, dict(first=always_first), ('joy', ))
    assert (seen[0] == read(f'{folder}/test_00001_aligned.jpg')).all()
