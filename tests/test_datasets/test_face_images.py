from pathlib import Path

import cv2
import numpy as np
import pytest
from helpers.samples import LOAD_AND_PACK, infos, touch

from ipdfer_mm.datasets import FaceImages
from ipdfer_mm.preparation.datasets import list_images, recipe_of
from ipdfer_mm.registry import DATASETS
from ipdfer_mm.utils import register_all_modules

IMAGES = ('a.png', 'b/1.JPG', 'b/c/2.webp', 'b/c/3.png', 'b.png', 'd/4.jpeg')
OTHERS = ('.a.png', 'b/._1.jpg', 'b/notes.txt', 'b/png', 'd/4.jpeg.part',
          '.cache/5.png', 'b/.thumbnails/c/6.png')


@pytest.fixture
def root(tmp_path):
    return touch(tmp_path, *IMAGES, *OTHERS)


def paths(root, **kwargs):
    return [Path(info['img_path']).relative_to(root).as_posix()
            for info in infos(FaceImages(str(root), **kwargs))]


def exclude(root, *lines):
    (root / 'exclude.txt').write_text(''.join(f'{line}\n' for line in lines))
    return dict(exclude='exclude.txt')


def test_images_of_nested_folders_are_sorted(root, log):
    # Within each folder: the folder b comes before the image b.png.
    assert paths(root) == list(IMAGES)
    assert f'FaceImages in {root}: 6 images, 0 images or fold' in log.text


def test_pipeline_from_a_config(root):
    register_all_modules()
    face = np.arange(8 * 8 * 3, dtype=np.uint8).reshape(8, 8, 3)
    cv2.imwrite(str(root / 'a.png'), face)
    packed = DATASETS.build(dict(
        type='ipdfer_mm.FaceImages', data_root=str(root),
        pipeline=LOAD_AND_PACK))[0]
    assert (packed['inputs'].numpy() == face.transpose(2, 0, 1)).all()
    assert packed['data_samples'].img_path == str(root / 'a.png')
    assert 'gt_label' not in packed['data_samples']


def test_home_folder(root, monkeypatch):
    monkeypatch.setenv('HOME', str(root.parent))
    dataset = FaceImages(f'~/{root.name}')
    assert dataset.get_data_info(0)['img_path'] == str(root / 'a.png')


@pytest.mark.parametrize('lines, left', [
    (['b/1.JPG'], 'a.png b/c/2.webp b/c/3.png b.png d/4.jpeg'),
    (['b/c'], 'a.png b/1.JPG b.png d/4.jpeg'),
    # With a slash at the end, spaces and an empty line.
    (['b/ ', '', ' d/4.jpeg'], 'a.png b.png'),
    # A line that another one holds.
    (['b', 'b/c', 'b/c/3.png'], 'a.png b.png d/4.jpeg'),
    ([], ' '.join(IMAGES)),
])
def test_exclude(root, lines, left):
    assert paths(root, **exclude(root, *lines)) == left.split()


def test_exclude_is_counted(root, log):
    paths(root, **exclude(root, 'a.png', 'b'))
    assert '2 images, 2 images or folders left out' in log.text


def test_exclude_file_elsewhere(root, tmp_path_factory):
    file = tmp_path_factory.mktemp('lists') / 'bad.txt'
    file.write_bytes(b'\xef\xbb\xbfa.png\r\nb\r\n')  # as a spreadsheet does
    assert paths(root, exclude=str(file)) == ['b.png', 'd/4.jpeg']


def test_unknown_lines_are_named(root):
    kwargs = exclude(root, 'a.png', 'b/9.png', 'b/1', 'c')
    with pytest.raises(ValueError, match=r'exclude.txt names 3 images or fol'
                       r'ders that are not in .*, such as b/1\.'):
        paths(root, **kwargs)


def test_what_is_missing(root):
    with pytest.raises(FileNotFoundError, match='nothing.txt'):
        paths(root, exclude='nothing.txt')
    with pytest.raises(FileNotFoundError, match='nowhere.*is no folder'):
        FaceImages(str(root / 'nowhere'))


def test_no_image_is_left(root):
    touch(root, 'empty/notes.txt')
    with pytest.raises(ValueError, match='empty has no image'):
        FaceImages(str(root / 'empty'))
    with pytest.raises(ValueError, match='has no image'):
        paths(root, **exclude(root, 'a.png', 'b', 'b.png', 'd'))


def test_it_can_be_prepared(root):
    images = list_images('images', root, {})
    assert [image.path for image in images] == list(IMAGES)
    assert all((image.box, image.points, image.split)
               == (None, None, None) for image in images)
    images = list_images('images', root, exclude(root, 'b'))
    assert [image.path for image in images] == ['a.png', 'b.png', 'd/4.jpeg']
    assert recipe_of('images', {}, {}).margin == 0.5


def test_results_of_a_preparation_are_not_prepared_again(root, log):
    """Else the second go of an interrupted one would find its own faces."""
    part = f'parts/{"0a" * 12}.json'
    # Ones that were called otherwise.
    touch(root, 'prepared/faces/a.png', 'small/faces/a.png', f'small/{part}',
          'b/x/run1/faces/1.png', f'b/x/run1/{part}', 'now/faces/7.png')
    images = list_images('images', root, {}, root / 'now')
    assert [image.path for image in images] == list(IMAGES)
    assert '4 images are left out that an earlier preparation' in log.text
    with pytest.raises(ValueError, match='no image but those that'):
        list_images('images', root / 'b/x', {})


def test_a_folder_of_the_user_is_no_result(root):
    touch(root, 'john/parts/2.png', 'john/parts/notes.json', 'john/1.png',
          'kid/2.png')
    (root / 'kid/parts').mkdir()
    found = [image.path for image in list_images('images', root, {})]
    assert {'john/1.png', 'john/parts/2.png', 'kid/2.png'} < {*found}


def test_faces_do_not_go_among_the_images(root):
    with pytest.raises(ValueError, match='name another one'):
        list_images('images', root, {}, root)
