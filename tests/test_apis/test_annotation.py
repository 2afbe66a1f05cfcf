import csv
import json
import os
import time
from pathlib import Path
from types import SimpleNamespace

import av
import cv2
import numpy as np
import pytest
from helpers.videos import write_noise

from ipdfer_mm.apis.annotation import (
    AnnotationJob,
    annotate_images,
    without_results,
)
from ipdfer_mm.apis.video_annotation import annotate_video, name_results
from ipdfer_mm.utils.video import written_video

GRAY = np.full((200, 200, 3), 128, np.uint8)


def read_csv(path):
    with open(path) as file:
        return list(csv.DictReader(file))


def stop_after(monkeypatch, job, number):
    """Ctrl-C after some images or frames."""
    iterate = job.inferencer.iterate

    def interrupted(*args, **kwargs):
        for count, result in enumerate(iterate(*args, **kwargs)):
            if count == number:
                raise KeyboardInterrupt
            yield result

    monkeypatch.setattr(job.inferencer, 'iterate', interrupted)


@pytest.fixture
def job(inferencer, tmp_path):
    return AnnotationJob(inferencer, tmp_path / 'out', batch_size=2)


@pytest.fixture
def files(portraits, tmp_path):
    """Two faces, none, no image, one face."""
    (tmp_path / 'in/b').mkdir(parents=True)
    images = [portrait.image for portrait in portraits]
    paths = [tmp_path / 'in' / name
             for name in ('a.png', 'b/a.png', 'b/broken.jpg', 'c.bmp')]
    cv2.imwrite(str(paths[0]), np.concatenate(images[:2], axis=1))
    cv2.imwrite(str(paths[1]), GRAY)
    paths[2].write_bytes(b'nothing')
    cv2.imwrite(str(paths[3]), images[2])
    return paths


def written(job):
    return {path.relative_to(job.out).as_posix()
            for path in job.out.rglob('*') if path.is_file()}


def test_images(job, files):
    summary = annotate_images(job, [*files, files[0]])
    assert (summary.num_done, summary.num_faces, summary.without_face) == (
        3, 3, 1)
    assert len(summary.errors) == 1 and 'broken.jpg' in summary.errors[0]
    assert not summary.interrupted
    assert written(job) == {'results.json', 'results.csv', 'images/a.png.jpg',
                            'images/b/a.png.jpg', 'images/c.bmp.jpg'}
    content = json.loads((job.out / 'results.json').read_text())['images']
    assert [entry['path'] for entry in content] == list(map(str, files))
    assert [len(entry['faces']) for entry in content] == [2, 0, 0, 1]
    assert ['error' in entry for entry in content] == [False, False, True,
                                                       False]
    rows = read_csv(job.out / 'results.csv')
    assert [row['face'] for row in rows] == ['1', '2', '', '', '1']
    assert 'broken.jpg' in rows[3]['error'] and rows[2]['error'] == ''
    face = content[0]['faces'][1]
    assert float(rows[1]['left']) == face['box'][0]
    assert float(rows[1]['yaw']) == face['yaw']
    assert float(rows[1]['happiness']) == pytest.approx(
        face['probabilities']['happiness'], abs=1e-4)


@pytest.mark.parametrize('shape', [(2, 1200, 3), (70000, 3, 3)])
def test_images_that_are_as_thin_as_lines(job, tmp_path, shape):
    cv2.imwrite(str(tmp_path / 'line.png'), np.full(shape, 99, np.uint8))
    annotate_images(job, [tmp_path / 'line.png'])
    drawn = cv2.imread(str(job.out / 'images/line.png.jpg'))
    assert max(drawn.shape) <= 65500


def test_paths_with_dots(job, files, monkeypatch):
    """One file by two paths is one, and results stay in their folder."""
    monkeypatch.chdir(files[1].parent)
    annotate_images(job, [Path('../c.bmp'), Path('a.png'), Path('../b/a.png')])
    assert written(job) == {'results.json', 'results.csv',
                            'images/b/a.png.jpg', 'images/c.bmp.jpg'}


def test_names_that_are_not_utf8(job, files):
    name = os.fsencode(files[1].parent) + b'/Andr\xe9.png'
    os.rename(files[1], name)
    annotate_images(job, [Path(os.fsdecode(name))])
    (row, ) = read_csv(job.out / 'results.csv')
    assert row['path'].endswith(r'Andr\udce9.png')


def test_ctrl_c_keeps_the_images_so_far(job, files, monkeypatch):
    stop_after(monkeypatch, job, 1)
    summary = annotate_images(job, files)
    assert summary.interrupted and summary.num_done == 1
    content = json.loads((job.out / 'results.json').read_text())['images']
    assert [len(entry['faces']) for entry in content] == [2]
    assert len(read_csv(job.out / 'results.csv')) == 2


@pytest.mark.parametrize('name', ['あ' * 80 + '.png', 'a' * 251 + '.png'])
def test_long_names(job, files, name):
    """All results are written, or the name is said, and the others are."""
    long = files[0].with_name(name)
    files[0].rename(long)
    summary = annotate_images(job, [long, *files[1:]])
    assert summary.num_done == 3
    written = {path.name for path in job.out.rglob('*.jpg')}
    fits = len(f'{name}.jpg'.encode()) <= 255
    assert (f'{name}.jpg' in written) == fits
    assert {'a.png.jpg', 'c.bmp.jpg'} <= written
    named = [error for error in summary.errors if name[:20] in error]
    assert len(named) == (0 if fits else 1)
    assert len(read_csv(job.out / 'results.csv')) == 5
    assert not list(job.out.rglob('.*'))


def test_results_are_no_images(job, files):
    folder = files[0].parent
    out = folder / 'out'
    job = AnnotationJob(job.inferencer, out, batch_size=2)
    for _ in range(2):
        found = without_results(list(folder.rglob('*.*g')) + [files[3]], out)
        assert sorted(found) == sorted(files)
        annotate_images(job, found)
    with pytest.raises(ValueError, match='choose another folder'):
        without_results(list(out.rglob('*.jpg')), out)


@pytest.mark.parametrize('videos, names', [
    (['a.mp4', 'b/c.mkv'], ['a', 'c']),
    (['a.mp4', 'a.mkv', 'b.avi'], ['a.mp4', 'a.mkv', 'b']),
    (['A.mp4', 'a.mp4'], ['A.mp4', 'a.mp4']),
    (['x/a.mp4', 'y/a.mp4'], ['x/a.mp4', 'y/a.mp4']),
    (['x/a.mp4', 'x/../x/a.mp4'], ['a']),
    (['results.mkv'], ['results.mkv']),
    (['Results.mkv', 'results.mp4'], ['Results.mkv', 'results.mp4']),
    (['clip.mp4', 'clip.avi', 'clip.mp4.mkv'],
     ['clip.mp4', 'clip.avi', 'clip.mp4.mkv']),
    ([], []),
])
def test_each_video_has_results_of_its_own(tmp_path, videos, names):
    named = name_results([tmp_path / video for video in videos],
                         tmp_path / 'out')
    assert list(named) == names
    files = [f'{name}{ending}' for name in named
             for ending in ('.mp4', '.csv', '_timeline.png')]
    assert len(set(files)) == len(files)
    assert 'results.csv' not in files
    for name, path in named.items():
        assert Path(name).stem.startswith(path.stem)


def test_a_video_is_not_replaced(tmp_path):
    with pytest.raises(ValueError, match='would replace it'):
        name_results([tmp_path / 'a.mp4'], tmp_path)
    assert name_results([tmp_path / 'a.mkv'], tmp_path)


@pytest.fixture
def clip(portraits, tmp_path):
    """Two subjects side by side; the left one leaves, then all do."""
    path = tmp_path / 'clip.mp4'
    first, second = portraits[0].image, portraits[1].image
    frames = 3 * [(first, second)] + 2 * [(GRAY, second)] + [(GRAY, GRAY)]
    with written_video(path, 10) as writer:
        for frame in frames:
            writer.write(np.concatenate(frame, axis=1))
    return path


def test_video(job, clip):
    summary = annotate_video(job, clip, 'clip')
    assert (summary.num_done, summary.num_faces, summary.num_tracks) == (
        6, 8, 2)
    assert summary.without_face == 1 and not summary.errors
    rows = read_csv(job.out / 'clip.csv')
    assert [(row['frame'], row['track']) for row in rows] == [
        ('0', '1'), ('0', '2'), ('1', '1'), ('1', '2'), ('2', '1'),
        ('2', '2'), ('3', '2'), ('4', '2'), ('5', '')]
    assert [row['seconds'] for row in rows[-3:]] == ['0.300', '0.400', '0.500']
    assert rows[-1]['label'] == '' and rows[0]['label'] != ''
    capture = cv2.VideoCapture(str(job.out / 'clip.mp4'))
    assert capture.get(cv2.CAP_PROP_FRAME_COUNT) == 6
    assert capture.get(cv2.CAP_PROP_FPS) == 10
    assert written(job) == {'clip.mp4', 'clip.csv', 'clip_timeline.png'}
    assert cv2.imread(str(job.out / 'clip_timeline.png')) is not None


def test_ctrl_c_keeps_the_frames_so_far(job, clip, monkeypatch):
    stop_after(monkeypatch, job, 4)
    summary = annotate_video(job, clip, 'clip')
    assert summary.interrupted and summary.num_done == 4
    assert read_csv(job.out / 'clip.csv')[-1]['frame'] == '3'
    capture = cv2.VideoCapture(str(job.out / 'clip.mp4'))
    assert capture.get(cv2.CAP_PROP_FRAME_COUNT) == 4
    assert (job.out / 'clip_timeline.png').is_file()


@pytest.mark.parametrize('annotate', [
    lambda job, files, clip: annotate_images(job, files),
    lambda job, files, clip: annotate_video(job, clip, 'clip')])
def test_ctrl_c_before_anything(job, files, clip, monkeypatch, annotate):
    stop_after(monkeypatch, job, 0)
    with pytest.raises(KeyboardInterrupt):
        annotate(job, files, clip)
    assert not written(job)


def test_video_that_is_cut_off(job, tmp_path):
    path = tmp_path / 'noise.mp4'
    whole = write_noise(path, np.arange(60) / 25, movflags='faststart')
    path.write_bytes(whole[:len(whole) // 2])
    summary = annotate_video(job, path, 'noise')
    assert 0 < summary.num_done < 60
    assert f'{summary.num_done} of 60 frames can be read' in summary.errors[0]
    path.write_bytes(whole[:len(whole) // 100])
    with pytest.raises(OSError, match=r'noise\.mp4 .*(no frame|opened)'):
        annotate_video(job, path, 'other')
    assert not list(job.out.glob('*other*'))


def test_camera(job, monkeypatch):
    """A stand-in that never ends; its frames come at times of their own."""
    def read():
        time.sleep(.02)
        return True, np.concatenate([GRAY, GRAY])

    monkeypatch.setattr(cv2, 'VideoCapture', lambda number: SimpleNamespace(
        isOpened=lambda: number == 3, read=read, release=lambda: None))
    stop_after(monkeypatch, job, 4)
    summary = annotate_video(job, 3, 'webcam3')
    assert summary.interrupted and not summary.errors
    rows = read_csv(job.out / 'webcam3.csv')
    written = [float(row['seconds']) for row in rows]
    assert len(written) == 4 and written == sorted(set(written))
    with av.open(str(job.out / 'webcam3.mp4')) as container:
        times = [float(frame.time) for frame in container.decode(video=0)]
    assert times == pytest.approx(written, abs=.005)


def test_folder_that_cannot_be_written(job, clip):
    Path(job.out).touch()
    with pytest.raises(OSError, match='out'):
        annotate_video(job, clip, 'a')
