import json
import shutil
from dataclasses import replace

import pytest

from ipdfer_mm.datasets.rendered_folder import folder_name, render_folder
from ipdfer_mm.rendering import Population
from ipdfer_mm.rendering.face_model import BUILT_IN

FEW = Population('test', num_subjects=2, num_images=2)


def test_all_that_matters_names_another_folder(tmp_path, monkeypatch):
    model = tmp_path / 'model.npz'
    shutil.copy(BUILT_IN, model)
    changes = (dict(seed=1), dict(num_subjects=1), dict(num_images=3),
               dict(split='val'))
    args = [(FEW, 16), (FEW, 17), (FEW, 16, str(model)),
            *((replace(FEW, **change), 16) for change in changes)]
    names = [folder_name(*arg) for arg in args]
    for arg, name in zip(args[:3], names):
        folder = render_folder(str(tmp_path / 'faces'), *arg, workers=0)
        assert folder == tmp_path / 'faces' / name
    monkeypatch.setattr('ipdfer_mm.datasets.rendered_folder.'
                        'RENDERING_VERSION', -1)
    names.append(folder_name(*args[0]))
    assert len(set(names)) == len(args) + 1


def test_the_content_of_the_face_model_matters(tmp_path):
    first, other = tmp_path / 'a.npz', tmp_path / 'b.npz'
    first.write_bytes(b'a model')
    other.write_bytes(b'a model')
    name = folder_name(FEW, 16, str(first))
    assert folder_name(FEW, 16, str(other)) == name
    other.write_bytes(b'something else')
    assert folder_name(FEW, 16, str(other)) != name


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
