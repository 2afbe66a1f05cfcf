import json
import shutil
from dataclasses import replace

import numpy as np
import pytest

from ipdfer_mm.datasets.rendered_folder import render_folder
from ipdfer_mm.rendering import Population
from ipdfer_mm.rendering.face_model import BUILT_IN

FEW = Population('test', num_subjects=2, num_images=2)


def test_all_that_matters_names_another_folder(tmp_path, monkeypatch):
    first, same, other = (
        str(tmp_path / f'{name}.npz') for name in ('first', 'same', 'other'))
    shutil.copy(BUILT_IN, first)
    shutil.copy(BUILT_IN, same)
    with np.load(BUILT_IN) as arrays:
        np.savez(other, **arrays)  # not compressed

    def name(population=FEW, size=16, face_model=None):
        folder = render_folder(
            str(tmp_path / 'faces'), population, size, face_model, workers=0)
        return folder.relative_to(tmp_path / 'faces').as_posix()

    names = [name(), name(size=17), name(face_model=first),
             name(face_model=other), *(
                 name(replace(FEW, **change)) for change in (
                     dict(seed=1), dict(num_subjects=1), dict(num_images=3),
                     dict(split='val')))]
    assert name() == names[0] and name(face_model=same) == names[2]
    monkeypatch.setattr('ipdfer_mm.datasets.rendered_folder.'
                        'RENDERING_VERSION', -1)
    names.append(name())
    assert len(set(names)) == len(names)


def test_recipe(tmp_path):
    folder = render_folder(str(tmp_path), FEW, 16, workers=0)
    recipe = json.loads((folder / 'recipe.json').read_text())
    assert recipe == dict(
        split='test', num_subjects=2, num_images=2, seed=0, size=16,
        face_model='built-in', rendering_version=recipe['rendering_version'])


def test_folder_that_cannot_be_written(tmp_path):
    (tmp_path / 'file').touch()
    with pytest.raises(OSError, match='choose a data_root that can be .*file'):
        render_folder(str(tmp_path / 'file'), FEW, 16)


def test_image_that_cannot_be_written(tmp_path):
    folder = render_folder(str(tmp_path), FEW, 16, workers=0)
    path = folder / 'images/person_600001_000.png'
    path.unlink()
    path.mkdir()
    for workers in (0, 1):
        with pytest.raises(OSError, match=f'go on from here.*{path.name}'):
            render_folder(str(tmp_path), FEW, 16, workers=workers)
    assert not list(tmp_path.rglob('*.partial*'))
