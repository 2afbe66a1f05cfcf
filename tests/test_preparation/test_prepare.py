import hashlib
import json
import shutil

import cv2
import numpy as np
import pytest
from helpers.rendered import sample_specs

from ipdfer_mm.datasets.manifest import knows_duplicates, read_manifest
from ipdfer_mm.geometry import align_face
from ipdfer_mm.preparation import prepare as prepare_module
from ipdfer_mm.preparation import worker as worker_module
from ipdfer_mm.preparation.face_search import FaceSearch
from ipdfer_mm.preparation.prepare import prepare
from ipdfer_mm.preparation.recipe import Recipe
from ipdfer_mm.preparation.worker import ImageEntry, Job
from ipdfer_mm.rendering import FaceRenderer, parametric_head

NUM_FACES = 6
ENTRIES = [ImageEntry(name) for name in (
    *(f'face{i}.png' for i in range(NUM_FACES)), 'empty.png', 'three.jpg')]


@pytest.fixture(scope='module')
def source(tmp_path_factory):
    """Rendered heads of known points, and two images without a face."""
    root = tmp_path_factory.mktemp('source')
    renderer = FaceRenderer(parametric_head())
    faces = [renderer.render(spec) for spec in sample_specs(
        renderer.model, NUM_FACES, np.random.default_rng(8), max_yaw=25,
        size=160, crop='full')]
    images = {f'face{i}.png': face.image for i, face in enumerate(faces)}
    images['empty.png'] = np.full((160, 160, 3), 90, np.uint8)
    images['three.jpg'] = np.concatenate(
        [face.image for face in faces[:3]], axis=1)
    for name, image in images.items():
        cv2.imwrite(str(root / name), image[..., ::-1])
    return root, faces


@pytest.fixture
def root(source, tmp_path):
    return shutil.copytree(source[0], tmp_path / 'data')


def run(root, entries=ENTRIES, workers=0, lists=(), **recipe):
    job = Job(root, root / 'prepared', Recipe(**recipe))
    return prepare(job, ENTRIES, 'test', workers, dict(lists))


def given(name, points):
    return ImageEntry(name, points=tuple(map(tuple, points)))


def manifest(root):
    return read_manifest(str(root / 'prepared/manifest.csv'))


def listed(summary):
    return {flag: names for flag, names in summary.listed.items() if names}


def test_alignment_and_policy(root, source):
    summary = run(root)
    assert summary.num_images == 8
    assert listed(summary) == dict(
        no_face=['empty.png'], several_faces=['three.jpg'])
    assert summary.num_without_pose == 1
    rows = manifest(root)
    assert list(rows) == [image.path for image in ENTRIES]
    for i, face in enumerate(source[1]):
        row = rows[f'face{i}.png']
        eyes = np.linalg.norm(face.five_points[1] - face.five_points[0])
        error = np.linalg.norm(row.points - face.five_points, axis=1)
        assert error.mean() < .2 * eyes
        assert row.score > .9 and abs(row.yaw) < 45
        aligned = cv2.imread(str(root / row.aligned_path))
        assert aligned.shape == (112, 112, 3)
    # The middle one of the three.
    middle = rows['three.jpg'].points.mean(axis=0)
    assert 160 < middle[0] < 320
    assert rows['three.jpg'].flags == ('several_faces', )
    empty = rows['empty.png']
    assert empty.flags == ('no_face', ) and empty.points is None
    assert np.isnan([empty.yaw, empty.pitch, empty.roll, empty.score]).all()
    fallback = cv2.imread(str(root / empty.aligned_path))
    assert (fallback == 90).all()
    for name in ('no_face', 'several_faces', 'mirrored', 'unreadable'):
        lines = (root / f'prepared/{name}.txt').read_text().splitlines()
        assert lines == summary.listed[name]


def test_given_points_are_used(root, source):
    points = source[1][0].five_points
    run(root, [given('face0.png', points)])
    np.testing.assert_array_equal(
        cv2.imread(str(root / 'prepared/faces/face0.png')),
        align_face(cv2.imread(str(root / 'face0.png')), points))
    row = manifest(root)['face0.png']
    np.testing.assert_allclose(row.points, points, atol=.005)
    assert np.isnan(row.score)


def test_mirrored_points_of_a_dataset_are_not_used(root, source):
    points = source[1][0].five_points[[1, 0, 2, 4, 3]]
    summary = run(root, [given('face0.png', points)])
    assert summary.listed['mirrored'] == ['face0.png']
    # A center crop: the whole image, smaller.
    np.testing.assert_array_equal(
        cv2.imread(str(root / 'prepared/faces/face0.png')),
        cv2.resize(cv2.imread(str(root / 'face0.png')), (112, 112),
                   interpolation=cv2.INTER_AREA))


def test_the_same_pixels_are_flagged(root):
    """Whatever the file, across splits and within one."""
    image = cv2.imread(str(root / 'face0.png'))
    cv2.imwrite(str(root / 'copy.bmp'), image)
    cv2.imwrite(str(root / 'third.png'), image,
                [cv2.IMWRITE_PNG_COMPRESSION, 9])
    image[0, 0] ^= 1
    cv2.imwrite(str(root / 'other.png'), image)
    splits = {'face0.png': 'train', 'copy.bmp': 'train', 'third.png': 'test',
              'other.png': 'val'}
    summary = run(root, [ImageEntry(name, split=split)
                         for name, split in splits.items()])
    rows = manifest(root)
    assert {name: row.flags for name, row in rows.items()} == {
        'face0.png': ('also_in_test', ),
        'copy.bmp': ('also_in_test', 'repeated'),
        'third.png': ('also_in_train', ), 'other.png': ()}
    assert summary.listed['also_in_test'] == ['face0.png', 'copy.bmp']
    text = (root / 'prepared/also_in_train.txt').read_text()
    assert text == 'third.png\n'
    assert knows_duplicates(str(root / 'prepared/manifest.csv'))


def test_box_says_which_face(root):
    summary = run(root, [ImageEntry('three.jpg', box=(360, 20, 80, 110))])
    # Which it fills.
    assert listed(summary) == dict(second_look=['three.jpg'])
    assert manifest(root)['three.jpg'].points[:, 0].min() > 320


def test_box_beside_the_image_is_flagged(root):
    run(root, ENTRIES[:1])
    whole = (root / 'prepared/faces/face0.png').read_bytes()
    summary = run(root, [ImageEntry('face0.png', box=(500, 0, 80, 80))])
    assert summary.listed['box_outside'] == ['face0.png']
    assert (root / 'prepared/faces/face0.png').read_bytes() == whole


@pytest.fixture
def batches(monkeypatch):
    """Sizes of the batches in which faces are searched."""
    sizes = []
    detect = FaceSearch.__call__

    def counted(self, images, regions):
        sizes.append(len(images))
        if len(sizes) == counted.interrupt_at:
            raise KeyboardInterrupt
        return detect(self, images, regions)

    counted.sizes, counted.interrupt_at = sizes, None
    monkeypatch.setattr(FaceSearch, '__call__', counted)
    return counted


def test_large_images_are_worked_on_one_by_one(root, batches, monkeypatch):
    run(root)
    together = contents(root)
    batches.sizes.clear()
    monkeypatch.setattr(worker_module, 'MAX_PIXELS', 3 * 160 * 160)
    shutil.rmtree(root / 'prepared')
    run(root)
    assert batches.sizes == [3, 3, 2]  # the last is as large as three
    apart = contents(root)
    assert apart.keys() == together.keys()
    empty = 'prepared/faces/empty.png'
    assert apart[empty] == together[empty]


def contents(root):
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted((root / 'prepared').rglob('*')) if path.is_file()}


def test_going_on_gives_the_same_files(root, tmp_path, batches, monkeypatch):
    monkeypatch.setattr(prepare_module, 'CHUNK_SIZE', 3)
    run(root, workers=2)
    undisturbed = contents(root)
    other = tmp_path / 'other'
    shutil.copytree(root, other, ignore=shutil.ignore_patterns('prepared'))
    batches.interrupt_at = 2
    with pytest.raises(KeyboardInterrupt):
        run(other)
    assert not (other / 'prepared/manifest.csv').exists()
    run(other)
    # The second chunk again, the first not.
    assert batches.sizes == [3, 3, 3, 2]
    # In one process or two, at once or in two goes.
    assert contents(other) == undisturbed
    # Done already; what is missing is made again.
    run(other)
    (other / 'prepared/faces/face4.png').unlink()
    run(other)
    assert batches.sizes[4:] == [3]
    assert contents(other) == undisturbed


def test_unreadable_images_are_listed_and_tried_again(root):
    damaged = root / 'face2.png'
    whole = damaged.read_bytes()
    damaged.write_bytes(whole[:len(whole) // 2])
    (root / 'face3.png').rename(root / 'elsewhere.png')
    summary = run(root)
    assert summary.num_images == 6
    assert [line.split('/')[-1].split(':')[0]
            for line in summary.listed['unreadable']] == [
                'face2.png', 'face3.png']
    rows = manifest(root)
    assert 'face2.png' not in rows and 'face4.png' in rows
    damaged.write_bytes(whole)
    (root / 'elsewhere.png').rename(root / 'face3.png')
    assert run(root).listed['unreadable'] == []
    assert len(manifest(root)) == 8


def test_another_recipe_is_done_anew(root):
    run(root, ENTRIES[:2])
    before = contents(root)
    first = json.loads(before['prepared/recipe.json'])
    assert first['pose']['name'] == 'pnp5' and first['size'] == 112
    run(root, ENTRIES[:2], size=64, pose='none')
    second = json.loads((root / 'prepared/recipe.json').read_text())
    assert second['pose'] is None and second['dataset'] == 'test'
    assert cv2.imread(str(root / 'prepared/faces/face0.png')).shape[0] == 64
    row = manifest(root)['face0.png']
    assert np.isnan(row.yaw) and row.score > .9
    # Back to the first: faces of two recipes have the same place.
    run(root, ENTRIES[:2])
    assert contents(root) == before


def test_an_image_that_was_replaced(root):
    run(root, ENTRIES[:2])
    first = contents(root)
    shutil.copy(root / 'face2.png', root / 'face0.png')
    run(root, ENTRIES[:2])
    second = contents(root)
    changed = {name for name in first if first[name] != second[name]}
    assert 'prepared/faces/face0.png' in changed
    assert 'prepared/faces/face1.png' not in changed


def test_poses_of_other_paths(root, tmp_path):
    table = tmp_path / 'pose.csv'
    table.write_text('path,yaw\ndata/face0.png,3\n')
    recipe = dict(pose='csv', pose_files=(str(table), ))
    with pytest.raises(ValueError, match=r'such as face0\.png; it has data/'):
        run(root, **recipe)
    table.write_text('path,yaw\nface0.png,3\n')
    assert run(root, **recipe).num_without_pose == 7


@pytest.mark.parametrize('pose, files, message', [
    ('hopenet', (), "'hopenet' is not one of none, pnp5"),
    ('csv', (), 'csv needs a file, but 0'),
    ('pnp5', ('a.csv', ), 'pnp5 needs no file, but 1'),
    ('facepose_linear', ('a', 'b'), 'needs a file, but 2'),
])
def test_wrong_pose_estimator(root, pose, files, message):
    with pytest.raises(ValueError, match=message):
        run(root, pose=pose, pose_files=files)


def test_faces_may_go_elsewhere(root, tmp_path):
    job = Job(root, tmp_path / 'out', Recipe())
    prepare(job, ENTRIES[:1], 'test', 0)
    row = read_manifest(str(tmp_path / 'out/manifest.csv'))['face0.png']
    assert row.aligned_path == str(tmp_path / 'out/faces/face0.png')
    assert not (root / 'prepared').exists()


def test_lists_of_others_become_flags(root, tmp_path):
    large = tmp_path / 'large.txt'
    # As RAN writes them, with another ending and twice, and one that is not
    # in the dataset.
    large.write_text('3/face1.jpg\n0/three.png\n\n3/face1.jpg\n2/gone.png\n')
    summary = run(root, lists=dict(large=str(large)))
    assert summary.listed['large_without_image'] == ['gone']
    rows = manifest(root)
    flagged = {name: row.flags for name, row in rows.items() if row.flags}
    assert flagged == {'face1.png': ('large', ), 'empty.png': ('no_face', ),
                       'three.jpg': ('several_faces', 'large')}
    recipe = json.loads((root / 'prepared/recipe.json').read_text())
    digest = hashlib.sha256(large.read_bytes()).hexdigest()
    assert recipe['name_lists'] == dict(large=digest)
    # Without the list nothing is done again, and the flags are gone.
    faces = {path: path.stat().st_mtime_ns
             for path in (root / 'prepared/faces').iterdir()}
    run(root)
    assert all(path.stat().st_mtime_ns == time for path, time in faces.items())
    assert manifest(root)['face1.png'].flags == ()


@pytest.mark.parametrize('flag, text, error', [
    ('no_face', 'a.png\n', "'no_face' of a list must be a word"),
    ('over 30', 'a.png\n', "'over 30' of a list must be a word"),
    ('large', '\n', 'list.txt names no image'),
])
def test_wrong_lists(root, tmp_path, flag, text, error):
    (tmp_path / 'list.txt').write_text(text)
    with pytest.raises(ValueError, match=error):
        run(root, lists={flag: str(tmp_path / 'list.txt')})


def test_faces_never_share_a_file(tmp_path):
    job = Job(tmp_path, tmp_path / 'out', Recipe())
    names = ['a.jpg', 'a.jpg.png', 'a.jpg.png.png', 'a.png', 'a.PNG',
             'a.jpeg', 'a.b.png', 'd/a.jpg', 'd/a.png']
    faces = [job.aligned_path(name) for name in names]
    assert len(set(faces)) == len(names)
    assert job.aligned_path('d/a.png') == 'out/faces/d/a.png'
    assert all(face.lower().endswith('.png') for face in faces)
