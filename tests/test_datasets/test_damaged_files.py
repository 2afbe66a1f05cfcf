"""Whatever is in a file, a reader takes it or names it."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from helpers import official_layouts as layouts
from helpers.damage import assert_named, damaged, fuzz
from helpers.samples import touch
from helpers.tiny_run import make_rafdb
from hypothesis import given
from hypothesis import strategies as st

from ipdfer_mm.datasets import (
    CSVFER,
    RAFDB,
    AffectNet,
    CKPlus,
    CMUFaces,
    FERPlus,
    LFWPairs,
    SyntheticFaces,
)
from ipdfer_mm.datasets.affectnet_files import CACHE
from ipdfer_mm.datasets.manifest import read_manifest
from ipdfer_mm.geometry.five_points import POINT_COLUMNS
from ipdfer_mm.preparation.head_pose.table import TablePose, read_landmarks
from ipdfer_mm.preparation.name_lists import read_name_list


class Reader(NamedTuple):
    """A file and what reads it.

    Attributes:
        file (Path): The file, undamaged.
        read (Callable): Reads it.
        named (Path): What an error must name at least: the file, or the
            folder of the set where it says which images are missing.
    """

    file: Path
    read: Callable[[], object]
    named: Path


def csv_file(root: Path) -> Path:
    touch(root, 'a.png')
    file = root / 'labels.csv'
    file.write_text('path,expression,subject,yaw\na.png,happy,anna,-12.5\n')
    return file


def cmu_file(root: Path) -> Path:
    name = 'faces/an2i/an2i_straight_happy_open.pgm'
    touch(root, name)
    file = root / 'landmarks.csv'
    file.write_text(f'file,{",".join(POINT_COLUMNS)},det_score,fsanet_yaw\n'
                    f'{name},30,40,70,40,50,60,35,80,65,80,0.9,-3\n')
    return file


def pairs_file(root: Path) -> Path:
    touch(root, *(f'{name}/{name}_000{number}.jpg'
                  for name in ('Ann', 'Bob') for number in (1, 2)))
    file = root / 'pairs.txt'
    file.write_text('1\t1\nAnn\t1\t2\nAnn\t1\tBob\t2\n')
    return file


def table_file(root: Path, columns: str, cells: str) -> Path:
    root.mkdir(parents=True)
    file = root / 'table.csv'
    file.write_text(f'path,{columns}\na.png,{cells}\n')
    return file


def make_readers(root: Path) -> dict[str, Reader]:
    """All readers of label files."""
    rendered = dict(num_subjects=1, num_images=2, img_size=16, num_workers=0)
    faces = SyntheticFaces(str(root / 'faces'), 'train', **rendered)
    labels = root / 'faces' / faces.folder / 'labels.csv'
    rafdb = make_rafdb(root / 'rafdb')
    manifest = rafdb / 'prepared/manifest.csv'
    ferplus = layouts.make_ferplus(root / 'ferplus')
    FERPlus(str(ferplus), 'train')  # writes the images
    old = layouts.make_affectnet(root / 'affectnet')
    new = layouts.make_affectnet_new(root / 'affectnet_new')
    cached = layouts.make_affectnet_new(root / 'affectnet_cached')
    AffectNet(str(cached), 'train')  # writes the cache
    ckplus = layouts.make_ckplus(root / 'ckplus', 10)
    peak = 'S005/001/S005_001_00000006'
    table = csv_file(root / 'csv')
    cmu = cmu_file(root / 'cmu')
    pairs = pairs_file(root / 'lfw')
    axes = ','.join(f'x{i},y{i}' for i in range(68))
    poses = table_file(root / 'poses', 'yaw,pitch', '3.5,')
    points = table_file(root / 'points', axes, ','.join(['1'] * 136))
    names = root / 'names.txt'
    names.write_text('3/test_0004_aligned.jpg\n')

    def of(file: Path, kind: type, root: Path, *args, **kwargs) -> Reader:
        return Reader(file, partial(kind, str(root), *args, **kwargs), root)

    def alone(file: Path, read: Callable) -> Reader:
        return Reader(file, partial(read, str(file)), file)

    def read_new() -> None:
        (new / f'train_set/{CACHE}').unlink(missing_ok=True)
        AffectNet(str(new), 'train')

    return dict(
        manifest=alone(manifest, read_manifest),
        rafdb=of(rafdb / RAFDB.ANN_FILE, RAFDB, rafdb, 'train'),
        rafdb_manifest=of(manifest, RAFDB, rafdb, 'train',
                          manifest='prepared/manifest.csv'),
        ferplus=of(ferplus / FERPlus.ANN_FILE, FERPlus, ferplus, 'train'),
        affectnet=of(old / 'Manually_Annotated_file_lists/validation.csv',
                     AffectNet, old, 'val'),
        affectnet_new=Reader(new / 'train_set/annotations/4_exp.npy',
                             read_new, new),
        affectnet_cache=of(cached / f'train_set/{CACHE}', AffectNet, cached,
                           'train'),
        ckplus_label=of(ckplus / f'Emotion/{peak}_emotion.txt', CKPlus,
                        ckplus, 'test', 0),
        ckplus_landmarks=of(ckplus / f'Landmarks/{peak}_landmarks.txt',
                            CKPlus, ckplus, 'test', 0),
        cmu=of(cmu, CMUFaces, cmu.parent, landmark_file=cmu.name),
        csv=of(table, CSVFER, table.parent, table.name),
        lfw=of(pairs, LFWPairs, pairs.parent),
        rendered=of(labels, SyntheticFaces, root / 'faces', 'train',
                    **rendered),
        poses=alone(poses, TablePose),
        landmarks=alone(points, read_landmarks),
        name_list=alone(names, read_name_list))


READERS = ('manifest', 'rafdb', 'rafdb_manifest', 'ferplus', 'affectnet',
           'affectnet_new', 'affectnet_cache', 'ckplus_label',
           'ckplus_landmarks', 'cmu', 'csv', 'lfw', 'rendered', 'poses',
           'landmarks', 'name_list')


@pytest.fixture(scope='module')
def readers(tmp_path_factory) -> dict[str, Reader]:
    readers = make_readers(tmp_path_factory.mktemp('readers'))
    assert set(readers) == set(READERS)
    for reader in readers.values():
        reader.read()
    return readers


@pytest.mark.parametrize('name', READERS)
@fuzz
@given(data=st.data())
def test_damaged(readers, name, data):
    reader = readers[name]
    content = reader.file.read_bytes()
    try:
        reader.file.write_bytes(data.draw(damaged(content)))
        assert_named(reader.read, reader.named)
    finally:
        reader.file.write_bytes(content)


@fuzz
@given(data=st.data())
def test_damaged_pixels(tmp_path_factory, data):
    """fer2013.csv, from which FERPlus writes its images."""
    root = layouts.make_ferplus(tmp_path_factory.mktemp('ferplus'))
    content = (root / 'fer2013.csv').read_bytes()
    (root / 'fer2013.csv').write_bytes(data.draw(damaged(content)))
    assert_named(partial(FERPlus, str(root), 'val'), root)


def test_points_of_rendered_faces_are_needed(readers):
    reader = readers['rendered']
    content = reader.file.read_text()
    header, row, *rest = content.splitlines()
    cells = row.split(',')
    cells[-10:] = [''] * 10
    reader.file.write_text('\n'.join([header, ','.join(cells), *rest]))
    with pytest.raises(ValueError, match='labels.csv, line 2: the five'):
        reader.read()
    reader.file.write_text(content)


def test_landmarks_must_be_finite(readers):
    reader = readers['ckplus_landmarks']
    content = reader.file.read_text()
    reader.file.write_text(content.replace(content.split()[5], 'nan'))
    with pytest.raises(ValueError, match='does not hold 68 pairs'):
        reader.read()
    reader.file.write_text(content)


def test_an_archive_is_no_label(readers):
    file = readers['affectnet_new'].file
    content = file.read_bytes()
    with open(file, 'wb') as archive:
        np.savez(archive, label=np.array(3))
    with pytest.raises(ValueError, match='4_exp.npy is no numpy file'):
        readers['affectnet_new'].read()
    file.write_bytes(content)
