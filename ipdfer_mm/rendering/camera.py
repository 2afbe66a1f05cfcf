"""Pose of the head, projection, and the frames of images."""

import numpy as np

from ipdfer_mm.geometry import (
    five_points,
    scaled_template,
    similarity_transform,
)

# Centimeters; a portrait from an arm's length and a half.
DISTANCE = 90.0
# The point between the ears about which heads turn.
PIVOT = np.array([0, 1, 1], dtype=np.float32)
# Side of the square around an uncropped head, and its middle from the pivot,
# in centimeters: the head covers about 60 % of the height.
FULL_SIDE = 40.0
FULL_MIDDLE = (0.0, 1.0)


def head_rotation(yaw: float, pitch: float, roll: float) -> np.ndarray:
    """Rotation of a head: first yaw, then pitch, then roll.

    Args:
        yaw (float): Degrees; positive turns the nose to the left of the
            image.
        pitch (float): Degrees; positive lifts the nose.
        roll (float): Degrees; positive turns the head clockwise as seen in
            the image.

    Returns:
        np.ndarray: Matrix for column vectors, float32 (3, 3).
    """
    yaw, pitch, roll = np.radians([yaw, pitch, roll])
    turn = np.array([[np.cos(yaw), 0, -np.sin(yaw)], [0, 1, 0],
                     [np.sin(yaw), 0, np.cos(yaw)]])
    nod = np.array([[1, 0, 0], [0, np.cos(pitch), np.sin(pitch)],
                    [0, -np.sin(pitch), np.cos(pitch)]])
    tilt = np.array([[np.cos(roll), np.sin(roll), 0],
                     [-np.sin(roll), np.cos(roll), 0], [0, 0, 1]])
    return (tilt @ nod @ turn).astype(np.float32)


def project(vertices: np.ndarray,
            rotation: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Turn vertices about the pivot and see them in mild perspective.

    Args:
        vertices (np.ndarray): Vertices in centimeters, float32 (V, 3).
        rotation (np.ndarray): From :func:`head_rotation`, (3, 3).

    Returns:
        tuple[np.ndarray, np.ndarray]: Positions in the image plane in
        centimeters at the pivot's depth, x to the right and y downwards from
        the pivot, float32 (V, 2); and nearness, 1 at the pivot and
        proportional to 1 / depth, float32 (V,).
    """
    turned = (vertices - PIVOT) @ rotation.T
    nearness = DISTANCE / (DISTANCE - turned[:, 2])
    plane = turned[:, :2] * nearness[:, None]
    plane[:, 1] *= -1
    return plane, nearness


def aligned_frame(landmarks68: np.ndarray, size: int) -> np.ndarray:
    """Frame in which a face fits the ArcFace template.

    Args:
        landmarks68 (np.ndarray): Points in the image plane, (68, 2).
        size (int): Side of the image in pixels.

    Returns:
        np.ndarray: Matrix from plane to pixels, (2, 3).

    Raises:
        ValueError: If the head is turned so far, beyond about 80 degrees,
            that the points look mirrored.
    """
    return similarity_transform(
        five_points(landmarks68), scaled_template(size))


def full_frame(size: int) -> np.ndarray:
    """Frame that shows head and shoulders with a margin.

    Args:
        size (int): Side of the image in pixels.

    Returns:
        np.ndarray: Matrix from plane to pixels, (2, 3).
    """
    scale = size / FULL_SIDE
    middle = (size - 1) / 2 - scale * np.array(FULL_MIDDLE)
    return np.column_stack([scale * np.eye(2), middle])


def jitter_frame(frame: np.ndarray, size: int, shift: np.ndarray,
                 zoom: float, turn: float) -> np.ndarray:
    """Move a frame as an imprecise detector would.

    Args:
        frame (np.ndarray): Matrix from plane to pixels, (2, 3).
        size (int): Side of the image in pixels.
        shift (np.ndarray): Shift to the right and downwards, as a share of
            the side, (2,).
        zoom (float): Factor about the middle of the image.
        turn (float): Degrees clockwise about the middle of the image.

    Returns:
        np.ndarray: Matrix from plane to pixels, (2, 3).
    """
    angle = np.radians(turn)
    rotation = zoom * np.array([[np.cos(angle), -np.sin(angle)],
                                [np.sin(angle), np.cos(angle)]])
    middle = (size - 1) / 2
    offset = middle + np.asarray(shift) * size + rotation @ (
        frame[:, 2] - middle)
    return np.column_stack([rotation @ frame[:, :2], offset])


def to_pixels(plane: np.ndarray, frame: np.ndarray) -> np.ndarray:
    """Map positions in the image plane to pixels.

    Args:
        plane (np.ndarray): Positions, (V, 2).
        frame (np.ndarray): Matrix from plane to pixels, (2, 3).

    Returns:
        np.ndarray: Pixels, float32 (V, 2).
    """
    return (plane @ frame[:, :2].T + frame[:, 2]).astype(np.float32)
