import csv

import numpy as np
import pytest

from ipdfer_mm.datasets import CMUFaces
from ipdfer_mm.geometry import ARCFACE_TEMPLATE
from ipdfer_mm.geometry.five_points import POINT_COLUMNS
from ipdfer_mm.registry import DATASETS

FILES = ('p1/p1_straight_happy_open.pgm', 'p1/p1_left_angry_sunglasses.pgm',
         'p1/p1_right_sad_open.pgm', 'p2/p2_up_neutral_open.pgm')
POINTS = tuple(str(value) for value in ARCFACE_TEMPLATE.ravel())


@pytest.fixture
def root(tmp_path):
    for name in FILES:
        touch(tmp_path, name)
    return tmp_path


def touch(root, name):
    path = root / 'faces' / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()


def write_landmarks(root, rows, extra=('fsanet_yaw', )):
    lines = [('file', *POINT_COLUMNS, *extra), *rows]
    (root / 'points.csv').write_text(
        '\n'.join(','.join(cells) for cells in lines))


def infos(dataset):
    return [dataset.get_data_info(i) for i in range(len(dataset))]


def test_names_say_subject_expression_and_nominal_yaw(root):
    dataset = DATASETS.build(dict(type='CMUFaces', data_root=str(root)))
    assert dataset.CLASSES == ('anger', 'happiness', 'neutral', 'sadness')
    found = [(dataset.CLASSES[info['gt_label']], info['subject'], info['yaw'],
              info['pose_label']) for info in infos(dataset)]
    assert found == [('anger', 'p1', -57, 4), ('sadness', 'p1', 57, 4),
                     ('happiness', 'p1', 0, 0), ('neutral', 'p2', 0, 0)]
    assert not any('landmarks' in info for info in infos(dataset))


def test_what_is_skipped_is_counted_and_listed(root, log):
    for name in ('p1/p1_straight_happy_open_2.pgm',
                 'p1/p1_straight_happy_open_4.pgm',
                 'p2/p2_left_sad_open.bad', 'p2/p2_left_sad_open_4.bad',
                 'p2/.DS_Store', 'p2/._p2_left_sad_open.pgm', 'p2/notes.txt'):
        touch(root, name)
    assert len(CMUFaces(str(root))) == 4
    assert 'Smaller copies, skipped: 3 (' in log.text
    assert ('Marked bad by the authors, skipped: 1 '
            '(faces/p2/p2_left_sad_open.bad)') in log.text
    assert 'Not images, skipped: 1 (faces/p2/notes.txt)' in log.text


@pytest.mark.parametrize('name', [
    'p1/p1_straight_glad_open.pgm', 'p1/p1_down_sad_open.pgm',
    'p1/p2_up_sad_open.pgm', 'p1/p1_up_sad.pgm'])
def test_strange_names_are_errors(root, name):
    touch(root, name)
    with pytest.raises(ValueError, match=f'faces/{name} is not of the form'):
        CMUFaces(str(root))


def test_subjects(root):
    assert {info['subject'] for info in infos(
        CMUFaces(str(root), subjects=['p2']))} == {'p2'}
    with pytest.raises(ValueError, match='no folder for p3; it has p1, p2'):
        CMUFaces(str(root), subjects=['p1', 'p3'])
    with pytest.raises(ValueError, match='no sample'):
        CMUFaces(str(root), subjects=[])
    with pytest.raises(FileNotFoundError, match='faces is no folder.*UCI'):
        CMUFaces(str(root / 'faces'))


def test_folds_are_in_the_metainfo(root):
    fold = CMUFaces(str(root), fold=1, split='test')
    assert fold.metainfo['fold'] == 1 and 'quarter' in fold.metainfo[
        'fold_rule']
    assert 'fold' not in CMUFaces(str(root)).metainfo


def test_folds_share_no_subject(root):
    for subject in range(3, 21):
        touch(root, f'p{subject:02}/p{subject:02}_up_sad_open.pgm')
    everybody = {info['subject'] for info in infos(CMUFaces(str(root)))}
    tested = []
    for fold in range(4):
        train, test = ({info['subject'] for info in infos(
            CMUFaces(str(root), fold=fold, split=split))}
            for split in ('train', 'test'))
        assert len(test) == 5 and train == everybody - test
        tested += sorted(test)
    assert tested == sorted(everybody)


@pytest.mark.parametrize('kwargs, message', [
    (dict(fold=4, split='test'), 'fold=4 must be 0 to 3'),
    (dict(fold=0), 'split=None: a fold has the splits'),
    (dict(fold=0, split='val'), "split='val'"),
    (dict(fold=0, split='test', subjects=['p1']), 'fold and subjects'),
])
def test_bad_folds(root, kwargs, message):
    with pytest.raises(ValueError, match=message):
        CMUFaces(str(root), **kwargs)


def test_landmarks_and_yaw_from_a_file(root, log):
    yaws = ('3.5', '-61', '', '12')
    write_landmarks(root, [(f'faces/{name}', *POINTS, yaw)
                           for name, yaw in zip(FILES, yaws)])
    dataset = CMUFaces(str(root), landmark_file='points.csv')
    assert [info['yaw'] for info in infos(dataset)] == [-61, 57, 3.5, 12]
    for info in infos(dataset):
        np.testing.assert_allclose(info['landmarks'], ARCFACE_TEMPLATE)
    log.clear()
    dataset = CMUFaces(
        str(root), landmark_file='points.csv', yaw_column='other')
    assert [info['yaw'] for info in infos(dataset)] == [-57, 57, 0, 0]
    assert 'has no yaw in a column other: the nominal yaw' in log.text


def test_landmarks_not_to_be_trusted(root, log):
    mirrored = [str(x) for x in (ARCFACE_TEMPLATE * [-1, 1]).ravel()]
    write_landmarks(root, [
        (f'faces/{FILES[0]}', *POINTS, '8', '0.49'),
        (f'faces/{FILES[1]}', *mirrored, '-80', '0.99'),
        (f'faces/{FILES[2]}', *[''] * 10, '9', ''),
        (f'faces/{FILES[3]}', *POINTS, '5', '0.5'),
    ], ('fsanet_yaw', 'det_score'))
    left, right, straight, up = infos(
        CMUFaces(str(root), landmark_file='points.csv'))
    assert 'landmarks' not in straight and straight['yaw'] == 0
    assert 'landmarks' not in left and left['yaw'] == -80
    assert 'landmarks' not in right and right['yaw'] == 57
    assert 'landmarks' in up and up['yaw'] == 5
    assert 'No trusted detection, center crop and nominal yaw: 2 (' in log.text
    assert f'Points as in full profile, center crop: 1 (faces/{FILES[1]})' in (
        log.text)


def test_landmark_file_errors(root):
    rows = [(f'faces/{name}', *POINTS, '0') for name in FILES]
    write_landmarks(root, rows[:2])
    with pytest.raises(ValueError, match='points.csv has no row for 2 imag'
                       'es: .*p1_right_sad_open.pgm, .*p2_up_neutral_open'):
        CMUFaces(str(root), landmark_file='points.csv')
    # Only images of the chosen subjects need rows.
    write_landmarks(root, rows[:3])
    assert len(CMUFaces(
        str(root), subjects=['p1'], landmark_file='points.csv')) == 3
    write_landmarks(root, rows + rows[:1])
    with pytest.raises(ValueError, match='points.csv, line 6: .* already in'):
        CMUFaces(str(root), landmark_file='points.csv')
    write_landmarks(root, [(*rows[0][:-1], 'x')])
    with pytest.raises(ValueError, match='line 2: column fsanet_yaw'):
        CMUFaces(str(root), landmark_file='points.csv')
    (root / 'points.csv').write_text('file,leye_x\n')
    with pytest.raises(ValueError, match='line 1: the header must contain'):
        CMUFaces(str(root), landmark_file='points.csv')
    with pytest.raises(FileNotFoundError, match='nothing.csv'):
        CMUFaces(str(root), landmark_file='nothing.csv')
    with pytest.raises(ValueError, match='both say where'):
        CMUFaces(str(root), landmark_file='points.csv', manifest='m.csv')


def test_real_files(shared):
    root = str(shared / 'data/cmu_faces')
    pipeline = [dict(type='ipdfer_mm.LoadFaceImage'),
                dict(type='ipdfer_mm.AlignFace', crop=80),
                dict(type='ipdfer_mm.PackFaceInputs')]
    dataset = CMUFaces(root, landmark_file='labels.csv', pipeline=pipeline)
    assert len(dataset) == 624 == dataset.num_known_poses
    # Counted in the names by hand: 155 angry, 155 happy, 158 neutral, 156 sad.
    assert np.bincount(dataset.get_gt_labels()).tolist() == [
        155, 155, 158, 156]
    assert len({info['subject'] for info in infos(dataset)}) == 20
    without = [i for i, info in enumerate(infos(dataset))
               if 'landmarks' not in info]
    assert len(without) == 21
    for index in (0, without[0]):
        packed = dataset[index]
        assert packed['inputs'].shape == (3, 112, 112)
        assert packed['inputs'].float().std() > 20


def test_sign_of_the_yaw(shared):
    # Positive: the nose is left of the eyes' middle in the image.
    with open(shared / 'data/cmu_faces/labels.csv', newline='') as file:
        rows = [row for row in csv.DictReader(file)
                if row['pose'] in ('left', 'right')
                and float(row['det_score']) > 0.9]
    offset = np.array([
        float(row['nose_x']) - (float(row['leye_x']) + float(row['reye_x']))
        / 2 for row in rows])
    yaw = np.array([float(row['fsanet_yaw']) for row in rows])
    nominal = np.array([57 if row['pose'] == 'right' else -57
                        for row in rows])
    assert len(rows) > 300 and (np.sign(offset) == -np.sign(yaw)).all()
    assert np.abs(yaw - nominal).mean() < 12
    assert (np.sign(nominal) == np.sign(yaw)).all()
