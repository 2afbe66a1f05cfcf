import numpy as np
from helpers.html_parts import cells, decode

from ipdfer_mm.preparation.head_pose import UNKNOWN, Angles
from ipdfer_mm.webpage.markup import (
    drawn_image,
    face_row,
    note,
    pose_table,
    probability_bars,
)


def test_faces_are_in_the_page_unchanged():
    rng = np.random.default_rng(0)
    faces = {f'<{name}>': rng.integers(0, 256, (9, 9, 3), np.uint8)
             for name in 'ab'}
    html = face_row(faces)
    for found, face in zip(decode(html), faces.values(), strict=True):
        np.testing.assert_array_equal(found, face)
    assert '<figcaption>&lt;a&gt;</figcaption>' in html


def test_large_images_are_made_smaller():
    image = np.full((600, 3200, 3), (200, 100, 50), np.uint8)
    (found, ) = decode(drawn_image(image))
    assert found.shape == (240, 1280, 3)
    assert np.abs(found.astype(int) - (200, 100, 50)).max() < 6
    (found, ) = decode(drawn_image(image[:, :900]))
    assert found.shape == (600, 900, 3)
    assert 'wide' in drawn_image(image)
    assert 'wide' not in drawn_image(image[:, :900])


def test_bars():
    html = probability_bars({'anger': .123, 'fear': .877})
    assert cells(html) == ['anger', '12.3%', '', 'fear', '87.7%', '']
    # The first two colors of tab10.
    assert 'width: 12.3%; background: #1f77b4' in html
    assert 'width: 87.7%; background: #ff7f0e' in html


def test_pose():
    assert cells(pose_table(Angles(24.6, -7.7, .4))) == [
        'yaw', '+25°', 'nose to the left of the image',
        'pitch', '-8°', 'nose down', 'roll', '0°', 'straight']
    assert cells(pose_table(Angles(-12, 3, -5)))[2::3] == [
        'nose to the right of the image', 'nose up',
        'turned counter-clockwise']
    assert cells(pose_table(UNKNOWN)) == [
        'yaw', '', 'unknown', 'pitch', '', 'unknown', 'roll', '', 'unknown']


def test_file_names_are_text():
    assert '<b>' not in note('<b>.png', problem=True)
