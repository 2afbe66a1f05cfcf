"""Preparation is killed at random moments and prepares the same."""

import json
import shutil
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from helpers.kill_often import KilledCommand, kill_often
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
        cv2.imwrite(str(folder / f'{index:04d}.png'),
                    image.astype(np.uint8))


def results(out: Path) -> dict:
    """Content of all files by path; hidden ones are what kills left."""
    return {str(path.relative_to(out)): path.read_bytes()
            for path in sorted(out.rglob('*'))
            if path.is_file() and path.name[0] != '.'}


def check_whole(out: Path) -> None:
    """Every file that is there is whole."""
    for path in out.rglob('*'):
        if path.suffix == '.png':
            with Image.open(path) as face:
                face.load()
        elif path.suffix == '.json':
            json.loads(path.read_text())


def prove(folder: Path, chunks: int, kills: int, workers: int) -> None:
    """A preparation that is killed ends as an undisturbed one does."""
    make_images(folder, chunks * CHUNK)
    out = folder / 'data/prepared'

    def progress() -> str:
        faces, parts = (
            sum(1 for path in (out / name).rglob(f'*.{suffix}'))
            for name, suffix in (('faces', 'png'), ('parts', 'json')))
        return (f'{faces} faces, {parts} chunks, manifest: '
                f'{(out / "manifest.csv").is_file()}')

    undisturbed, killed = (
        KilledCommand(
            [sys.executable, ROOT / 'tools/prepare_dataset.py', 'folder',
             folder / 'data', '--workers', workers], folder, progress)
        for _ in range(2))
    undisturbed.finish()
    expected = results(out)
    assert sum(name.endswith('.png') for name in expected) == chunks * CHUNK
    shutil.rmtree(out)

    def finished() -> None:
        assert results(out) == expected
        shutil.rmtree(out)

    kill_often(killed, undisturbed, kills, lambda: check_whole(out), finished)


def test_two_kills(tmp_path):
    prove(tmp_path, chunks=2, kills=2, workers=0)


@pytest.mark.slow
def test_twenty_kills(tmp_path):
    prove(tmp_path, chunks=20, kills=20, workers=2)
