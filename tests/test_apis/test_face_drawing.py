import numpy as np

from ipdfer_mm.apis import Face
from ipdfer_mm.apis.face_drawing import (
    CELL,
    HEADING_HEIGHT,
    draw_faces,
    shrink,
)
from ipdfer_mm.preparation.head_pose import UNKNOWN, Angles
from ipdfer_mm.visualization.expression_timeline import expression_color

GRAY = np.full((400, 500, 3), 128, np.uint8)


def face(left, top, value=0, label='glad', angles=UNKNOWN):
    cells = [np.full((64, 64, 3), value + i, np.uint8) for i in range(3)]
    return Face(
        np.array([left, top, left + 80, top + 100.]), np.full((5, 2), -9.), 1,
        {name: float(name == label) for name in ('sad', 'glad')}, angles, (),
        *cells)


def test_box_in_the_color_of_the_expression():
    drawn = draw_faces(GRAY, [face(100, 150)])
    assert drawn.shape == GRAY.shape and (GRAY == 128).all()
    color = np.array(expression_color(1))[::-1] * 255
    changed = np.abs(drawn.astype(float) - color).max(axis=2) < 2
    rows, columns = np.nonzero(changed[150:])
    # Two pixels wide, so around the border.
    assert rows.min() == 0 and abs(rows.max() - 100) <= 1
    assert abs(columns.min() - 100) <= 1 and abs(columns.max() - 180) <= 1
    assert (drawn[200:240, 130:160] == 128).all()  # nothing inside
    assert (drawn[:100] == 128).all() and (drawn[260:] == 128).all()
    sad = draw_faces(GRAY, [face(100, 150, label='sad')])
    assert (sad[200, 100] != drawn[200, 100]).any()


def test_texts():
    plain = draw_faces(GRAY, [face(100, 150)])
    numbered = draw_faces(GRAY, [face(100, 150)], [12])
    assert (plain[120:148] != numbered[120:148]).any()
    turned = draw_faces(GRAY, [face(100, 150, angles=Angles(12, 3, 4))])
    assert (turned[252:280] != plain[252:280]).any()
    assert (turned[:250] == plain[:250]).all()


def test_text_at_the_border_and_small_images():
    """Text stays in the image; small ones are enlarged."""
    drawn = draw_faces(GRAY, [face(470, -60, angles=Angles(1, 2, 3))])
    assert drawn.shape == GRAY.shape
    small = draw_faces(GRAY[:120, :128], [face(20, 10)])
    assert small.shape == (360, 384, 3)
    row = np.nonzero((small[200] != 128).any(axis=1))[0]
    # 20 in the small image begins at 60 in the large one.
    assert abs(row.min() - 61) <= 1 and abs(row.max() - 301) <= 1


def test_large_images_become_smaller():
    image = np.full((40, 100, 3), 7, np.uint8)
    assert shrink(image, 100) is image
    assert shrink(image, 50).shape == (20, 50, 3)
    assert shrink(image[:1], 10).shape == (1, 10, 3)
    assert (shrink(image, 50) == 7).all()


def test_panel():
    """Faces that fit into the height; the size does not depend on them."""
    faces = [face(10, 150, 10 * i) for i in range(5)]
    drawn = draw_faces(GRAY, faces, synthesis=True)
    assert drawn.shape == (400, 500 + 3 * CELL, 3)
    assert draw_faces(GRAY, [], synthesis=True).shape == drawn.shape
    panel = drawn[HEADING_HEIGHT:, 500:]
    for row in range(3):
        for column in range(3):
            cell = panel[row * CELL:][:CELL, column * CELL:][:, :CELL]
            assert (cell == 10 * row + column).all()
    assert (panel[3 * CELL:] == 255).all()
