"""Preparation is killed at random moments and prepares the same."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from helpers.kill_often import KilledCommand, prove
from helpers.tiny_run import ROOT
from PIL import Image

from ipdfer_mm.datasets import SyntheticFaces

CHUNK = 64  # images that are done together
SUBJECTS = 8


def make_images(root: Path, count: int) -> None:
    """Rendered faces in `train/neutral`, again and again with more noise."""
    data = SyntheticFaces(str(root / 'rendered'), 'train',
                          num_subjects=SUBJECTS, num_images=SUBJECTS,
                          img_size=64, num_workers=0)
    faces = [cv2.imread(data.get_data_info(i)['img_path'])
             for i in range(SUBJECTS)]
    folder = root / 'data/train/neutral'
    folder.mkdir(parents=True)
    rng = np.random.default_rng(0)
    for index in range(count):
        noise = rng.normal(0, 1 + index / 50, faces[0].shape)
        image = np.clip(faces[index % SUBJECTS] + noise, 0, 255)
        cv2.imwrite(str(folder / f'{index:04d}.png'), image.astype(np.uint8))


def results(out: Path) -> dict:
    """Content of all files by path; hidden ones are what kills left."""
    return {str(path.relative_to(out)): path.read_bytes()
            for path in sorted(out.rglob('*'))
            if path.is_file() and path.name[0] != '.'}


def check_whole(out: Path) -> None:
    """Every file that is there is whole."""
    for path in out.rglob('*.png'):
        with Image.open(path) as face:
            face.load()
    for path in out.rglob('*.json'):
        json.loads(path.read_text())


@pytest.mark.parametrize('kills, workers', [
    (2, 1), pytest.param(20, 2, marks=pytest.mark.slow)])
def test_kills(tmp_path, kills, workers):
    """As many chunks as kills."""
    make_images(tmp_path, kills * CHUNK)
    out = tmp_path / 'data/prepared'

    def progress() -> str:
        faces = len(list(out.rglob('faces/**/*.png')))
        parts = len(list(out.rglob('parts/*.json')))
        whole = (out / 'manifest.csv').is_file()
        return f'{faces} faces, {parts} chunks, manifest: {whole}'

    command = KilledCommand(
        ['python', ROOT / 'tools/prepare_dataset.py', 'folder',
         tmp_path / 'data', '--workers', workers], tmp_path, progress)
    prove(command, kills, out, results, check_whole)
    faces = [name for name in results(out) if name.endswith('.png')]
    assert len(faces) == kills * CHUNK
