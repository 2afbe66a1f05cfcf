"""Files of any name among those that are annotated."""

import csv
import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from helpers.damage import fuzz
from helpers.tiny_run import save_plain_classifier
from hypothesis import given
from hypothesis import strategies as st

from ipdfer_mm.apis import ExpressionInferencer
from ipdfer_mm.apis.annotation import (
    AnnotationJob,
    annotate_images,
    without_results,
)
from ipdfer_mm.apis.inputs import list_inputs
from ipdfer_mm.apis.video_annotation import name_results

# What libraries below, consoles and file systems take for something else.
STEMS = st.text('aA$%:*?[]{}~-# \'"\\\n\u00e9\u8868.', min_size=1,
                max_size=12) | st.just('n' * 250) | st.sampled_from(
                    ['results', 'images', 'CON', '-', '%d', 'file:a'])
SUFFIXES = st.sampled_from(['.png', '.PNG', '.jpg', '.jpg.jpg'])


@pytest.fixture(scope='module')
def plain(tmp_path_factory):
    return ExpressionInferencer(
        *save_plain_classifier(tmp_path_factory.mktemp('plain')),
        device='cpu', classes=list('abcdefg'))


@fuzz
@given(names=st.sets(st.tuples(STEMS, SUFFIXES).map(''.join), min_size=1,
                     max_size=5))
def test_every_image_has_its_own_result(plain, tmp_path_factory, names):
    """Or an error that names it; a second run finds the same images."""
    folder = tmp_path_factory.mktemp('images')
    content = cv2.imencode('.png', np.zeros((8, 8, 3), np.uint8))[1].tobytes()
    visible = set()
    for name in names:
        try:
            (folder / name).write_bytes(content)
        except OSError:  # too long for this file system
            continue
        if name[0] != '.':
            visible.add(str(folder / name))
    if not visible:
        return
    job = AnnotationJob(plain, folder / 'out', aligned=True)
    paths = list_inputs(folder)
    assert {str(path) for path in paths} == visible
    summary = annotate_images(job, paths)
    with open(job.out / 'results.csv', newline='', encoding='utf-8') as file:
        rows = list(csv.DictReader(file))
    assert sorted(row['path'] for row in rows) == sorted(visible)
    document = json.loads((job.out / 'results.json').read_text('utf-8'))
    assert {item['path'] for item in document['images']} == visible
    drawn = list((job.out / 'images').rglob('*.jpg'))
    assert len(drawn) + len(summary.errors) == len(visible)
    assert all(any(Path(path).name in error for path in visible)
               for error in summary.errors)
    again = without_results(list_inputs(folder), job.out)
    assert {str(path) for path in again} == visible


@fuzz
@given(names=st.lists(st.tuples(
    st.sampled_from(['', 'a/', 'a/b/', 'c/']), STEMS,
    st.sampled_from(['.mp4', '.MP4', '.avi'])).map(''.join), min_size=1,
    max_size=6, unique=True))
def test_no_two_videos_share_a_result(tmp_path, names):
    videos = [tmp_path / name for name in names]
    named = name_results(videos, tmp_path / 'out')
    assert len(named) == len({str(video) for video in videos})
    assert len({name.casefold() for name in named}) >= len(
        {str(video).casefold() for video in videos})
    assert 'results' not in {name.casefold() for name in named}
