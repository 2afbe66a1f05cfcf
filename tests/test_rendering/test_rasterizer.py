import numpy as np
import pytest

from ipdfer_mm.rendering.rasterizer import rasterize, vertex_normals

SQUARE = np.array([(1, 1), (5, 1), (5, 5), (1, 5)], dtype=np.float32) - .5
# Counter-clockwise as seen, with y downwards.
HALVES = np.array([(0, 2, 1), (0, 3, 2)])


def draw(points, triangles=HALVES, nearness=1, colors=1, size=8,
         supersampling=1):
    points = np.asarray(points, np.float32)
    count = len(points)
    return rasterize(
        points, np.broadcast_to(np.float32(nearness), count).copy(),
        np.broadcast_to(np.float32(colors), (count, 3)).copy(),
        np.asarray(triangles), size, supersampling)


@pytest.mark.parametrize('supersampling', [1, 2, 3])
def test_square_covers_its_pixels(supersampling):
    image, coverage = draw(SQUARE, supersampling=supersampling)
    expected = np.zeros((8, 8))
    expected[1:5, 1:5] = 1
    assert np.allclose(coverage, expected)
    assert np.allclose(image, expected[..., None])


def test_edges_are_anti_aliased():
    _, coverage = draw(SQUARE + .5, supersampling=2)
    assert coverage[1, 3] == pytest.approx(.5)
    assert coverage.sum() == pytest.approx(16)


def test_faces_that_look_away_are_not_drawn():
    assert draw(SQUARE, HALVES[:, ::-1])[1].sum() == 0


def test_colors_are_interpolated():
    colors = np.array([(0, 0, 1), (4, 0, 1), (4, 4, 1), (0, 4, 1)])
    image, _ = draw(SQUARE, colors=colors)
    assert np.allclose(image[1:5, 1:5, 0], np.arange(4) + .5, atol=1e-5)
    assert np.allclose(image[1:5, 1:5, 1].T, np.arange(4) + .5, atol=1e-5)


@pytest.mark.parametrize('order', [1, -1])
def test_the_nearest_is_on_top(order):
    points = np.concatenate([SQUARE, SQUARE + 1])
    colors = np.repeat([(1, 0, 0), (0, 1, 0)], 4, axis=0)
    triangles = np.concatenate([HALVES, HALVES + 4])[::order]
    image, _ = draw(points, triangles, [2] * 4 + [1] * 4, colors)
    assert np.allclose(image[4, 4], (1, 0, 0))
    assert np.allclose(image[5, 5], (0, 1, 0))


def test_triangles_may_cross():
    colors = np.repeat([(1, 0, 0), (0, 1, 0)], 4, axis=0)
    image, _ = draw(np.concatenate([SQUARE, SQUARE]),
                    np.concatenate([HALVES, HALVES + 4]),
                    [0, 1, 1, 0, 1, 0, 0, 1], colors)
    assert np.allclose(image[2, 4], (1, 0, 0))
    assert np.allclose(image[2, 1], (0, 1, 0))


def test_what_leaves_the_image_is_cut():
    assert draw(SQUARE * 4 - 6)[1].min() == 1
    assert draw(SQUARE + 100)[1].max() == 0


def test_degenerate_triangles_are_skipped():
    image, coverage = draw([(1, 1), (3, 3), (5, 5), (2, 2)],
                           [(0, 1, 2), (3, 3, 3)])
    assert coverage.sum() == 0 and np.isfinite(image).all()


def test_normals_point_outwards(renderer):
    model = renderer.model
    normals = vertex_normals(model.mean, model.triangles)
    nose = normals[model.landmarks68[30]]
    assert nose[2] > .8
    assert np.allclose(np.linalg.norm(normals, axis=1), 1, atol=1e-4)
    assert normals[model.landmarks68[0], 0] < 0 < normals[
        model.landmarks68[16], 0]
