import os
from pathlib import Path

import pytest
from helpers import official_layouts as layouts
from helpers.samples import infos, touch

from ipdfer_mm.datasets import CKPlus
from ipdfer_mm.preparation.datasets import (
    PREPARABLE,
    list_images,
    list_readers,
    recipe_of,
)


def paths(name, root, **options):
    images = list_images(name, root, options)
    names = [image.path for image in images]
    assert len(set(names)) == len(names)
    assert all((root / path).is_file() for path in names)
    return names


@pytest.mark.parametrize('make, name, count', [
    # 8 emotions in each of three splits; written from the pixels.
    (layouts.make_ferplus, 'ferplus', 24),
    # Of 11 labels in each split, the last three are no expressions.
    (layouts.make_affectnet, 'affectnet', 16),
    (layouts.make_affectnet_new, 'affectnet', 18),  # one more image
    (layouts.make_sfew, 'sfew', 14),  # 7 classes in two splits
    # A neutral and three last frames of 12 subjects.
    (layouts.make_ckplus, 'ckplus', 48),
])
def test_images_of_all_splits(make, name, count, tmp_path):
    assert len(paths(name, make(tmp_path / name))) == count


def test_affectnet_gives_points_and_boxes(tmp_path):
    root = layouts.make_affectnet(tmp_path / 'affectnet')
    images = list_images('affectnet', root, {})
    assert all(len(image.points) == 5 for image in images)
    assert {image.box for image in images} == {(40, 20, 60, 70)}
    # Without landmarks the face is searched in its box, rather than points of
    # the box taken for landmarks, which would give each a yaw of 0.
    path = root / 'Manually_Annotated_file_lists/training.csv'
    row = layouts.affectnet_row('0/training0.jpg', 0).split(',')
    row[5] = ''
    path.write_text('\n'.join([layouts.AFFECTNET_HEADER, ','.join(row)]))
    first = list_images('affectnet', root, {})[0]
    assert first.path.endswith('training0.jpg')
    assert first.points is None and first.box == (40, 20, 60, 70)


def test_frames_of_sfew(tmp_path):
    root = layouts.make_sfew(tmp_path / 'sfew')
    frames = paths('sfew', root, aligned=False)
    assert len(frames) == 14 and not set(frames) & set(paths('sfew', root))


def test_ckplus_has_what_any_fold_needs(tmp_path):
    root = layouts.make_ckplus(tmp_path / 'ckplus')
    needed = {
        str(Path(info['img_path']).relative_to(root))
        for fold in range(10) for split in ('train', 'test')
        for info in infos(CKPlus(str(root), split, fold))}
    assert needed == set(paths('ckplus', root))


def test_folder_takes_its_splits_as_they_are(tmp_path):
    images = ['train/happy/a.png', 'val/sad/b.png', 'val/sad/more/c.png']
    # Results of an earlier preparation are no split, nor are those of one
    # that was called otherwise, done or not.
    touch(tmp_path, *images, 'prepared/faces/train/happy/a.png',
          'small/faces/train/happy/a.png', 'new/faces/train/happy/a.png',
          f'small/parts/{"0a" * 12}.json')
    (tmp_path / 'new/parts').mkdir()
    assert paths('folder', tmp_path) == images
    (tmp_path / 'empty').mkdir()
    with pytest.raises(ValueError, match='has no folders; expected'):
        list_images('folder', tmp_path / 'empty', {})


@pytest.mark.parametrize('text', [
    'path,expression\na.png,happy\nb.png,sad\n',
    'path,expression,split\na.png,happy, train\nb.png,sad,test \n',
])
def test_csv_takes_all_rows(text, tmp_path):
    touch(tmp_path, 'a.png', 'b.png')
    (tmp_path / 'faces.csv').write_text(text)
    assert paths('csv', tmp_path, ann_file='faces.csv') == ['a.png', 'b.png']


@pytest.mark.parametrize('path', ['{root}/a.png', '../{name}/a.png'])
def test_faces_stay_below_the_results(path, tmp_path):
    """Else the photographs would be replaced by their faces."""
    touch(tmp_path, 'a.png')
    path = path.format(root=tmp_path, name=tmp_path.name)
    (tmp_path / 'faces.csv').write_text(f'path,expression\n{path},happy\n')
    with pytest.raises(ValueError, match='a.png: paths of images must be '
                                         'relative'):
        list_images('csv', tmp_path, dict(ann_file='faces.csv'))


def test_names_that_a_manifest_cannot_hold(tmp_path):
    touch(tmp_path, 'train/happy/a.png')
    name = os.fsencode(tmp_path / 'train/happy') + b'/Andr\xe9.png'
    os.rename(tmp_path / 'train/happy/a.png', name)
    with pytest.raises(ValueError, match=r'Andr\\xe9.*not UTF-8'):
        list_images('folder', tmp_path, {})


def test_csv_must_be_named(tmp_path):
    with pytest.raises(ValueError, match='--dataset-options ann_file='):
        list_images('csv', tmp_path, {})
    with pytest.raises(FileNotFoundError, match='no.csv does not exist'):
        list_images('csv', tmp_path, dict(ann_file='no.csv'))


def test_recipes():
    assert recipe_of('rafdb', {}, {}).margin == .5
    assert recipe_of('rafdb', {}, dict(margin=.3, pose='none')).margin == .3
    # Faces are small in the frames of movies, and large in the authors' crops.
    frames = recipe_of('sfew', dict(aligned=False), {})
    assert (frames.margin, frames.min_face) == (0, 0)
    assert recipe_of('sfew', dict(aligned=True), {}).margin == .5
    with pytest.raises(TypeError, match='marign'):
        recipe_of('rafdb', {}, dict(marign=.3))
    # Every set builds a recipe.
    assert all(recipe_of(name, {}, {}).size == 112 for name in PREPARABLE)


def test_one_split(tmp_path):
    """Once, though each split has a reader."""
    root = layouts.make_sfew(tmp_path / 'sfew')
    assert len(paths('sfew', root, split='val')) == 7
    assert len(list_readers('sfew', root, dict(split='val'))) == 1
    with pytest.raises(ValueError, match="split=test: sfew in .*'train', "):
        list_images('sfew', root, dict(split='test'))
    root = layouts.make_ckplus(tmp_path / 'ckplus')
    with pytest.raises(ValueError, match='of folds only'):
        list_images('ckplus', root, dict(split='test'))


@pytest.mark.parametrize('name, value', [
    ('size', 0), ('size', 64.5), ('size', True), ('margin', -1),
    ('min_score', 'abc'), ('min_face', 1.5), ('fallback_crop', 0),
    ('fallback_crop', 2), ('retries', -1), ('use_given_points', 1),
    ('border', 'black')])
def test_settings_that_cannot_be(name, value):
    with pytest.raises(ValueError, match=f'{name}.*{value}'):
        recipe_of('rafdb', {}, {name: value})
