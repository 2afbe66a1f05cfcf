import numpy as np
import pytest
from helpers.samples import LOAD_AND_PACK, class_names, infos, touch

from ipdfer_mm.datasets import CMUFaces
from ipdfer_mm.geometry import ARCFACE_TEMPLATE
from ipdfer_mm.geometry.five_points import POINT_COLUMNS
from ipdfer_mm.registry import DATASETS

FILES = ('p1/p1_straight_happy_open.pgm', 'p1/p1_left_angry_sunglasses.pgm',
         'p1/p1_right_sad_open.pgm', 'p2/p2_up_neutral_open.pgm')
POINTS = tuple(str(value) for value in ARCFACE_TEMPLATE.ravel())


@pytest.fixture
def root(tmp_path):
    return touch(tmp_path / 'faces', *FILES).parent


def subjects(root, **kwargs):
    return {info['subject'] for info in infos(CMUFaces(str(root), **kwargs))}


def write_landmarks(root, rows, extra=('fsanet_yaw', )):
    lines = [('file', *POINT_COLUMNS, *extra), *rows]
    (root / 'points.csv').write_text(
        '\n'.join(','.join(cells) for cells in lines))


def test_names_say_subject_expression_and_nominal_yaw(root):
    dataset = DATASETS.build(dict(type='CMUFaces', data_root=str(root)))
    assert dataset.CLASSES == ('anger', 'happiness', 'neutral', 'sadness')
    assert class_names(dataset) == ['anger', 'sadness', 'happiness', 'neutral']
    assert [(info['subject'], info['yaw'], info['pose_label'])
            for info in infos(dataset)] == [
        ('p1', -57, 4), ('p1', 57, 4), ('p1', 0, 0), ('p2', 0, 0)]
    assert not any('landmarks' in info for info in infos(dataset))


def test_what_is_skipped_is_counted_and_listed(root, log):
    touch(root / 'faces', 'p1/p1_straight_happy_open_2.pgm',
          'p1/p1_straight_happy_open_4.pgm', 'p2/p2_left_sad_open.bad',
          'p2/p2_left_sad_open_4.bad', 'p2/.DS_Store',
          'p2/._p2_left_sad_open.pgm', 'p2/notes.txt')
    assert len(CMUFaces(str(root))) == 4
    assert 'Smaller copies, skipped: 3 (' in log.text
    assert ('Marked bad by the authors, skipped: 1 '
            '(faces/p2/p2_left_sad_open.bad)') in log.text
    assert 'Not images, skipped: 1 (faces/p2/notes.txt)' in log.text


@pytest.mark.parametrize('name', [
    'p1/p1_straight_glad_open.pgm', 'p1/p1_down_sad_open.pgm',
    'p1/p2_up_sad_open.pgm', 'p1/p1_up_sad.pgm'])
def test_strange_names_are_errors(root, name):
    touch(root / 'faces', name)
    with pytest.raises(ValueError, match=f'faces/{name} is not of the form'):
        CMUFaces(str(root))


def test_no_folder(root):
    with pytest.raises(FileNotFoundError, match='faces is no folder.*UCI'):
        CMUFaces(str(root / 'faces'))


def test_folds_share_no_subject(root):
    touch(root / 'faces', *(f'p{i:02}/p{i:02}_up_sad_open.pgm'
                            for i in range(3, 21)))
    everybody = subjects(root)
    tested = [subjects(root, fold=fold, split='test') for fold in range(4)]
    assert [len(fold) for fold in tested] == [5] * 4
    assert set.union(*tested) == everybody
    for fold in range(4):
        assert subjects(root, fold=fold, split='train') == (
            everybody - tested[fold])
    meta = CMUFaces(str(root), fold=1, split='test').metainfo
    assert meta['fold'] == 1 and 'quarter' in meta['fold_rule']
    assert 'fold' not in CMUFaces(str(root)).metainfo


@pytest.mark.parametrize('kwargs, message', [
    (dict(fold=4, split='test'), 'fold=4 must be 0 to 3'),
    (dict(fold=0), 'split=None is not one of train, test'),
    (dict(fold=0, split='val'), "split='val'"),
    (dict(landmark_file='a.csv', manifest='m.csv'), 'both say where'),
])
def test_arguments(root, kwargs, message):
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
    write_landmarks(root, [(f'faces/{name}', *POINTS) for name in FILES], ())
    dataset = CMUFaces(str(root), landmark_file='points.csv')
    assert [info['yaw'] for info in infos(dataset)] == [-57, 57, 0, 0]
    assert 'has no yaw in a column fsanet_yaw: the nominal yaw' in log.text


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


ROWS = [(f'faces/{name}', *POINTS, '0') for name in FILES]


@pytest.mark.parametrize('rows, message', [
    (ROWS[:2], 'points.csv has no row for 2 images: .*p1_right_sad_open.pgm, '
     '.*p2_up_neutral_open'),
    (ROWS + ROWS[:1], 'points.csv, line 6: .* already in'),
    ([(*ROWS[0][:-1], 'x')], 'line 2: column fsanet_yaw'),
])
def test_landmark_file_errors(root, rows, message):
    write_landmarks(root, rows)
    with pytest.raises(ValueError, match=message):
        CMUFaces(str(root), landmark_file='points.csv')


def test_only_images_of_the_chosen_subjects_need_landmarks(root):
    write_landmarks(root, ROWS[:3])
    assert len(CMUFaces(
        str(root), fold=0, split='test', landmark_file='points.csv')) == 3


def test_landmark_file_that_is_none(root):
    (root / 'points.csv').write_text('file,leye_x\n')
    with pytest.raises(ValueError, match='line 1: the header must contain'):
        CMUFaces(str(root), landmark_file='points.csv')
    with pytest.raises(FileNotFoundError, match='nothing.csv'):
        CMUFaces(str(root), landmark_file='nothing.csv')


def test_real_files(shared):
    root = str(shared / 'data/cmu_faces')
    load, pack = LOAD_AND_PACK
    pipeline = [load, dict(type='ipdfer_mm.AlignFace', crop=80), pack]
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
