import csv
import hashlib
import json
import shutil

import cv2
import numpy as np
import pytest
from helpers.rendered import sample_specs

from ipdfer_mm.datasets.manifest import (
    HEADER,
    knows_duplicates,
    read_manifest,
)
from ipdfer_mm.geometry import ARCFACE_TEMPLATE
from ipdfer_mm.preparation import prepare as prepare_module
from ipdfer_mm.preparation import worker as worker_module
from ipdfer_mm.preparation.face_search import FaceSearch
from ipdfer_mm.preparation.prepare import prepare
from ipdfer_mm.preparation.recipe import Recipe
from ipdfer_mm.preparation.worker import ImageEntry, Job
from ipdfer_mm.rendering import FaceRenderer, parametric_head

NUM_FACES = 6


@pytest.fixture(scope='module')
def source(tmp_path_factory):
    """Rendered heads of known points, and two images without a face."""
    root = tmp_path_factory.mktemp('source')
    renderer = FaceRenderer(parametric_head())
    specs = sample_specs(renderer.model, NUM_FACES, np.random.default_rng(8),
                         max_yaw=25, size=160, crop='full')
    faces = [renderer.render(spec) for spec in specs]
    for i, face in enumerate(faces):
        cv2.imwrite(str(root / f'face{i}.png'), face.image[..., ::-1])
    empty = np.full((160, 160, 3), 90, np.uint8)
    cv2.imwrite(str(root / 'empty.png'), empty)
    both = np.concatenate([faces[0].image, faces[1].image, faces[2].image], 1)
    cv2.imwrite(str(root / 'three.jpg'), both[..., ::-1])
    return root, faces


@pytest.fixture
def data(source, tmp_path):
    root = tmp_path / 'data'
    shutil.copytree(source[0], root)
    names = [f'face{i}.png' for i in range(NUM_FACES)]
    entries = [ImageEntry(name) for name in (*names, 'empty.png', 'three.jpg')]
    return root, entries


def run(root, entries, workers=0, **recipe):
    job = Job(root, root / 'prepared', Recipe(**recipe))
    return prepare(job, entries, 'test', workers)


def test_alignment_and_policy(data, source):
    root, entries = data
    summary = run(root, entries)
    assert summary.num_images == 8
    assert {flag: names for flag, names in summary.listed.items()
            if names} == dict(
                no_face=['empty.png'], several_faces=['three.jpg'])
    assert summary.num_without_pose == 1
    rows = read_manifest(str(root / 'prepared/manifest.csv'))
    assert list(rows) == [image.path for image in entries]
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


def test_given_points_fit_the_template(data, source):
    """Within a pixel of the template, where dots were painted."""
    root, _ = data
    points = source[1][0].five_points
    image = np.zeros((160, 160, 3), np.uint8)
    for x, y in points:
        cv2.circle(image, (round(x * 16), round(y * 16)), 32,
                   (255, 255, 255), -1, shift=4, lineType=cv2.LINE_AA)
    cv2.imwrite(str(root / 'dots.png'), image)
    run(root, [ImageEntry('dots.png', points=tuple(map(tuple, points)))])
    aligned = cv2.imread(str(root / 'prepared/faces/dots.png'), 0)
    matrix = np.column_stack([points, np.ones(5)])
    # The best similarity in least squares, by another way.
    x, y, one = matrix.T
    zero = np.zeros(5)
    system = np.concatenate([
        np.stack([x, -y, one, zero], 1), np.stack([y, x, zero, one], 1)])
    solution = np.linalg.lstsq(
        system, ARCFACE_TEMPLATE.T.ravel(), rcond=None)[0]
    expected = (system @ solution).reshape(2, 5).T
    _, _, _, centers = cv2.connectedComponentsWithStats(
        (aligned > 80).astype(np.uint8))
    for point in expected:
        nearest = np.linalg.norm(centers[1:] - point, axis=1).min()
        assert nearest < 1
    row = read_manifest(str(root / 'prepared/manifest.csv'))['dots.png']
    np.testing.assert_allclose(row.points, points, atol=.005)
    assert np.isnan(row.score)


def test_mirrored_points_of_a_data_set_are_not_used(data, source):
    root, _ = data
    points = source[1][0].five_points[[1, 0, 2, 4, 3]]
    summary = run(root, [ImageEntry('face0.png',
                                    points=tuple(map(tuple, points)))])
    assert summary.listed['mirrored'] == ['face0.png']
    # A center crop: the whole image, smaller.
    np.testing.assert_array_equal(
        cv2.imread(str(root / 'prepared/faces/face0.png')),
        cv2.resize(cv2.imread(str(root / 'face0.png')), (112, 112),
                   interpolation=cv2.INTER_AREA))


def test_the_same_pixels_are_flagged(data):
    """Whatever the file, across splits and within one."""
    root, _ = data
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
    rows = read_manifest(str(root / 'prepared/manifest.csv'))
    assert {name: row.flags for name, row in rows.items()} == {
        'face0.png': ('also_in_test', ),
        'copy.bmp': ('also_in_test', 'repeated'),
        'third.png': ('also_in_train', ), 'other.png': ()}
    assert summary.listed['also_in_test'] == ['face0.png', 'copy.bmp']
    text = (root / 'prepared/also_in_train.txt').read_text()
    assert text == 'third.png\n'
    assert knows_duplicates(str(root / 'prepared/manifest.csv'))


def test_box_says_which_face(data):
    root, _ = data
    entries = [ImageEntry('three.jpg', box=(320 + 40, 20, 80, 110))]
    summary = run(root, entries)
    # Which it fills.
    assert {flag: names for flag, names in summary.listed.items()
            if names} == dict(second_look=['three.jpg'])
    row = read_manifest(str(root / 'prepared/manifest.csv'))['three.jpg']
    assert row.points[:, 0].min() > 320


def test_box_beside_the_image_is_flagged(data):
    root, entries = data
    run(root, entries[:1])
    whole = (root / 'prepared/faces/face0.png').read_bytes()
    summary = run(root, [ImageEntry('face0.png', box=(500, 0, 80, 80))])
    assert summary.listed['box_outside'] == ['face0.png']
    assert (root / 'prepared/faces/face0.png').read_bytes() == whole


def test_large_images_are_worked_on_one_by_one(data, monkeypatch):
    root, entries = data
    run(root, entries)
    together = contents(root)
    counts = []
    detect = FaceSearch.__call__

    def counted(self, images, regions):
        counts.append(len(images))
        return detect(self, images, regions)

    monkeypatch.setattr(FaceSearch, '__call__', counted)
    monkeypatch.setattr(worker_module, 'MAX_PIXELS', 3 * 160 * 160)
    shutil.rmtree(root / 'prepared')
    run(root, entries)
    assert counts == [3, 3, 2]  # the last one is as large as three
    assert contents(root).keys() == together.keys()
    assert contents(root)['prepared/faces/empty.png'] == (
        together['prepared/faces/empty.png'])


def contents(root):
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted((root / 'prepared').rglob('*')) if path.is_file()
    }


def test_going_on_gives_the_same_files(data, tmp_path, monkeypatch):
    root, entries = data
    monkeypatch.setattr(prepare_module, 'CHUNK_SIZE', 3)
    run(root, entries, workers=2)
    undisturbed = contents(root)
    other = tmp_path / 'other'
    shutil.copytree(root, other, ignore=shutil.ignore_patterns('prepared'))
    calls = []
    detect = FaceSearch.__call__

    def interrupted(self, images, regions):
        calls.append(len(images))
        if len(calls) == 2:
            raise KeyboardInterrupt
        return detect(self, images, regions)

    monkeypatch.setattr(FaceSearch, '__call__', interrupted)
    with pytest.raises(KeyboardInterrupt):
        run(other, entries)
    assert not (other / 'prepared/manifest.csv').exists()
    run(other, entries)
    assert calls == [3, 3, 3, 2]  # the second chunk again, the first not
    # In one process or two, at once or in two goes.
    assert contents(other) == undisturbed
    # Done already; what is missing is made again.
    run(other, entries)
    assert len(calls) == 4
    (other / 'prepared/faces/face4.png').unlink()
    run(other, entries)
    assert calls[4:] == [3]
    assert contents(other) == undisturbed


def test_unreadable_images_are_listed_and_tried_again(data):
    root, entries = data
    damaged = root / 'face2.png'
    whole = damaged.read_bytes()
    damaged.write_bytes(whole[:len(whole) // 2])
    (root / 'face3.png').rename(root / 'elsewhere.png')
    summary = run(root, entries)
    assert summary.num_images == 6
    assert [line.split('/')[-1].split(':')[0]
            for line in summary.listed['unreadable']] == [
                'face2.png', 'face3.png']
    rows = read_manifest(str(root / 'prepared/manifest.csv'))
    assert 'face2.png' not in rows and 'face4.png' in rows
    damaged.write_bytes(whole)
    (root / 'elsewhere.png').rename(root / 'face3.png')
    assert run(root, entries).listed['unreadable'] == []
    assert len(read_manifest(str(root / 'prepared/manifest.csv'))) == 8


def test_another_recipe_is_done_anew(data):
    root, entries = data
    run(root, entries[:2])
    first = json.loads((root / 'prepared/recipe.json').read_text())
    assert first['pose']['name'] == 'pnp5' and first['size'] == 112
    run(root, entries[:2], size=64, pose='none')
    second = json.loads((root / 'prepared/recipe.json').read_text())
    assert second['pose'] is None and second['dataset'] == 'test'
    assert cv2.imread(str(root / 'prepared/faces/face0.png')).shape[0] == 64
    with open(root / 'prepared/manifest.csv') as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == list(HEADER)
    assert rows[0]['yaw'] == '' and rows[0]['score'] != ''


def test_back_to_the_first_recipe(data):
    """Faces of two recipes have the same place."""
    root, entries = data
    run(root, entries[:2])
    first = contents(root)
    run(root, entries[:2], size=64)
    run(root, entries[:2])
    assert contents(root) == first


def test_a_image_that_was_replaced(data):
    root, entries = data
    run(root, entries[:2])
    first = contents(root)
    shutil.copy(root / 'face2.png', root / 'face0.png')
    run(root, entries[:2])
    second = contents(root)
    assert second['prepared/faces/face0.png'] != (
        first['prepared/faces/face0.png'])
    assert second['prepared/faces/face1.png'] == (
        first['prepared/faces/face1.png'])


def test_poses_of_other_paths(data, tmp_path):
    root, entries = data
    table = tmp_path / 'pose.csv'
    table.write_text('path,yaw\ndata/face0.png,3\n')
    recipe = dict(pose='csv', pose_files=(str(table), ))
    with pytest.raises(ValueError, match=r'such as face0\.png; it has data/'):
        run(root, entries, **recipe)
    table.write_text('path,yaw\nface0.png,3\n')
    assert run(root, entries, **recipe).num_without_pose == 7


@pytest.mark.parametrize('pose, files, message', [
    ('hopenet', (), "'hopenet' is not one of none, pnp5"),
    ('csv', (), 'csv needs a file, but 0'),
    ('pnp5', ('a.csv', ), 'pnp5 needs no file, but 1'),
    ('facepose_linear', ('a', 'b'), 'needs a file, but 2'),
])
def test_wrong_pose_estimator(data, pose, files, message):
    root, entries = data
    with pytest.raises(ValueError, match=message):
        run(root, entries, pose=pose, pose_files=files)


def test_faces_may_go_elsewhere(data, tmp_path):
    root, entries = data
    job = Job(root, tmp_path / 'out', Recipe())
    prepare(job, entries[:1], 'test', 0)
    row = read_manifest(str(tmp_path / 'out/manifest.csv'))['face0.png']
    assert row.aligned_path == str(tmp_path / 'out/faces/face0.png')
    assert not (root / 'prepared').exists()


def test_lists_of_others_become_flags(data, tmp_path):
    root, entries = data
    listed = tmp_path / 'large.txt'
    # As RAN writes them, with another ending and twice, and one that is not
    # in the dataset.
    listed.write_text('3/face1.jpg\n0/three.png\n\n3/face1.jpg\n2/gone.png\n')
    job = Job(root, root / 'prepared', Recipe())
    summary = prepare(job, entries, 'test', 0, dict(large=str(listed)))
    assert summary.listed['large_without_image'] == ['gone']
    rows = read_manifest(str(root / 'prepared/manifest.csv'))
    flagged = {name: row.flags for name, row in rows.items() if row.flags}
    assert flagged == {
        'face1.png': ('large', ),
        'empty.png': ('no_face', ),
        'three.jpg': ('several_faces', 'large'),
    }
    recipe = json.loads((root / 'prepared/recipe.json').read_text())
    digest = hashlib.sha256(listed.read_bytes()).hexdigest()
    assert recipe['name_lists'] == dict(large=digest)
    # Without the list nothing is done again, and the flags are gone.
    faces = {path: path.stat().st_mtime_ns
             for path in (root / 'prepared/faces').iterdir()}
    run(root, entries)
    assert all(path.stat().st_mtime_ns == time
               for path, time in faces.items())
    rows = read_manifest(str(root / 'prepared/manifest.csv'))
    assert rows['face1.png'].flags == ()


@pytest.mark.parametrize('flag, text, error', [
    ('no_face', 'a.png\n', "'no_face' of a list must be a word"),
    ('over 30', 'a.png\n', "'over 30' of a list must be a word"),
    ('large', '\n', 'list.txt names no image'),
])
def test_wrong_lists(data, tmp_path, flag, text, error):
    root, entries = data
    (tmp_path / 'list.txt').write_text(text)
    job = Job(root, root / 'prepared', Recipe())
    with pytest.raises(ValueError, match=error):
        prepare(job, entries, 'test', 0, {flag: str(tmp_path / 'list.txt')})


def test_faces_never_share_a_file(tmp_path):
    job = Job(tmp_path, tmp_path / 'out', Recipe())
    names = ['a.jpg', 'a.jpg.png', 'a.jpg.png.png', 'a.png', 'a.PNG',
             'a.jpeg', 'a.b.png', 'd/a.jpg', 'd/a.png']
    faces = [job.aligned_path(name) for name in names]
    assert len(set(faces)) == len(names)
    assert job.aligned_path('d/a.png') == 'out/faces/d/a.png'
    assert all(face.lower().endswith('.png') for face in faces)


def test_what_an_earlier_run_wrote_is_gone(data, tmp_path):
    """Else a removed image would still be trained on."""
    root, entries = data
    names = tmp_path / 'names.txt'
    names.write_text('face1.png\nmissing.png\n')
    shutil.copy(root / 'face0.png', root / 'copy.png')
    entries = [entry._replace(split='train') for entry in entries] + [
        ImageEntry('copy.png', split='test')]
    job = Job(root, root / 'prepared', Recipe())
    prepare(job, entries, 'test', 0, dict(hard=str(names)))
    other = root / 'prepared/faces/notes.txt'
    other.write_text('of the user')
    written = {path.relative_to(root / 'prepared').as_posix()
               for path in (root / 'prepared').rglob('*')}
    assert {'also_in_train.txt', 'also_in_test.txt', 'faces/copy.png',
            'hard_without_image.txt'} < written
    prepare(job, entries[:-1], 'test', 0)
    left = {path.relative_to(root / 'prepared').as_posix()
            for path in (root / 'prepared').rglob('*')}
    assert {path for path in written - left if 'parts' not in path} == {
        'also_in_train.txt', 'also_in_test.txt', 'faces/copy.png',
        'hard_without_image.txt'}
    assert other.read_text() == 'of the user'
    assert len(read_manifest(str(root / 'prepared/manifest.csv'))) == 8


def test_no_manifest_while_faces_are_replaced(data, monkeypatch):
    """Else training would read faces of two recipes."""
    root, entries = data
    run(root, entries)
    before = (root / 'prepared/manifest.csv').read_bytes()

    class StopError(Exception):
        pass

    def stop(self, *args):
        raise StopError

    with monkeypatch.context() as patch:
        patch.setattr(FaceSearch, '__call__', stop)
        with pytest.raises(StopError):
            run(root, entries, size=64)
    assert not (root / 'prepared/manifest.csv').exists()
    assert not (root / 'prepared/recipe.json').exists()
    run(root, entries[1:], size=112)
    rows = (root / 'prepared/manifest.csv').read_bytes().splitlines()
    assert rows == [row for row in before.splitlines()
                    if not row.startswith(b'face0.png')]
    # Its face was in the manifest before the interruption.
    assert not (root / 'prepared/faces/face0.png').exists()
    assert not list((root / 'prepared').glob('manifest_*'))
