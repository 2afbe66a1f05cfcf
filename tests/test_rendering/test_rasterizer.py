import numpy as np
import pytest

from ipdfer_mm.rendering.rasterizer import rasterize, vertex_normals

SQUARE = np.array([(1, 1), (5, 1), (5, 5), (1, 5)], dtype=np.float32) - .5
# Counter-clockwise as seen, with y downwards.
HALVES = np.array([(0, 2, 1), (0, 3, 2)])


def draw(points, nearness, colors, triangles, size=8, supersampling=1):
    return rasterize(np.asarray(points, np.float32),
                     np.asarray(nearness, np.float32),
                     np.asarray(colors, np.float32), np.asarray(triangles),
                     size, supersampling)


@pytest.mark.parametrize('supersampling', [1, 2, 3])
def test_square_covers_its_pixels(supersampling):
    image, coverage = draw(SQUARE, np.ones(4), np.ones((4, 3)), HALVES,
                           supersampling=supersampling)
    expected = np.zeros((8, 8))
    expected[1:5, 1:5] = 1
    assert np.allclose(coverage, expected)
    assert np.allclose(image, expected[..., None])


def test_edges_are_anti_aliased():
    _, coverage = draw(SQUARE + .5, np.ones(4), np.ones((4, 3)), HALVES,
                       supersampling=2)
    assert coverage[1, 3] == pytest.approx(.5)
    assert coverage.sum() == pytest.approx(16)


def test_faces_that_look_away_are_not_drawn():
    _, coverage = draw(SQUARE, np.ones(4), np.ones((4, 3)), HALVES[:, ::-1])
    assert coverage.sum() == 0


def test_colors_are_interpolated():
    colors = np.array([(0, 0, 1), (4, 0, 1), (4, 4, 1), (0, 4, 1)])
    image, _ = draw(SQUARE, np.ones(4), colors, HALVES)
    assert np.allclose(image[1:5, 1:5, 0], np.arange(4) + .5, atol=1e-5)
    assert np.allclose(image[1:5, 1:5, 1].T, np.arange(4) + .5, atol=1e-5)


@pytest.mark.parametrize('order', [1, -1])
def test_the_nearest_is_on_top(order):
    points = np.concatenate([SQUARE, SQUARE + 1])
    colors = np.repeat([(1, 0, 0), (0, 1, 0)], 4, axis=0)
    triangles = np.concatenate([HALVES, HALVES + 4])[::order]
    image, _ = draw(points, [2] * 4 + [1] * 4, colors, triangles)
    assert np.allclose(image[4, 4], (1, 0, 0))
    assert np.allclose(image[5, 5], (0, 1, 0))


def test_triangles_may_cross():
    points = np.concatenate([SQUARE, SQUARE])
    colors = np.repeat([(1, 0, 0), (0, 1, 0)], 4, axis=0)
    nearness = [0, 1, 1, 0, 1, 0, 0, 1]
    image, _ = draw(points, nearness, colors,
                    np.concatenate([HALVES, HALVES + 4]))
    assert np.allclose(image[2, 4], (1, 0, 0))
    assert np.allclose(image[2, 1], (0, 1, 0))


def test_what_leaves_the_image_is_cut():
    _, coverage = draw(SQUARE * 4 - 6, np.ones(4), np.ones((4, 3)), HALVES)
    assert coverage.min() == 1
    _, coverage = draw(SQUARE + 100, np.ones(4), np.ones((4, 3)), HALVES)
    assert coverage.max() == 0


def test_degenerate_triangles_are_skipped():
    points = [(1, 1), (3, 3), (5, 5), (2, 2)]
    image, coverage = draw(points, np.ones(4), np.ones((4, 3)),
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
