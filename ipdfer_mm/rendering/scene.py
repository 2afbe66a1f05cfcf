"""What surrounds a face: light, background and the camera's sensor."""

from dataclasses import dataclass

import cv2
import numpy as np


@dataclass(frozen=True)
class Light:
    """One lamp and light from all around.

    Args:
        azimuth (float): Degrees from the camera to the lamp; positive is the
            right of the image.
        elevation (float): Degrees from the camera up to the lamp.
        ambient (float): Brightness of the light from all around, 0 to 1.
        lamp (float): Brightness of the lamp, 0 to 1.
        tint (tuple[float, float, float]): Red, green and blue of the light,
            about 1.
    """

    azimuth: float = 20.0
    elevation: float = 30.0
    ambient: float = 0.45
    lamp: float = 0.6
    tint: tuple[float, float, float] = (1.0, 1.0, 1.0)


def sample_light(rng: np.random.Generator) -> Light:
    """Draw the light of an image.

    Args:
        rng (np.random.Generator): Source of the variation.

    Returns:
        Light: A light under which faces can still be seen.
    """
    warmth = rng.uniform(-.08, .08)
    return Light(
        azimuth=float(rng.uniform(-80, 80)),
        elevation=float(rng.uniform(-5, 60)),
        ambient=float(rng.uniform(.25, .6)),
        lamp=float(rng.uniform(.35, .8)),
        tint=(float(1 + warmth), 1.0, float(1 - warmth)))


def shade(colors: np.ndarray, normals: np.ndarray,
          light: Light) -> np.ndarray:
    """Light colors by the direction of their surface.

    Args:
        colors (np.ndarray): Colors under full light, float32 (V, 3).
        normals (np.ndarray): Unit normals as the camera sees them: x to the
            right, y upwards, z towards the camera, float32 (V, 3).
        light (Light): The light.

    Returns:
        np.ndarray: Colors, float32 (V, 3).
    """
    azimuth, elevation = np.radians([light.azimuth, light.elevation])
    lamp = np.array([
        np.sin(azimuth) * np.cos(elevation), np.sin(elevation),
        np.cos(azimuth) * np.cos(elevation)
    ], dtype=np.float32)
    # Light that wraps a little round the edge looks like skin, not plaster.
    facing = np.maximum((normals @ lamp + 0.2) / 1.2, 0)
    sky = 1 + 0.2 * normals[:, 1]
    half = lamp + np.array([0, 0, 1], dtype=np.float32)
    gloss = np.maximum(normals @ (half / np.linalg.norm(half)), 0)**16
    amount = light.ambient * sky + light.lamp * facing
    lit = colors * amount[:, None] + (0.07 * light.lamp * gloss)[:, None]
    return (lit * np.array(light.tint)).astype(np.float32)


def paint_background(size: int, rng: np.random.Generator) -> np.ndarray:
    """Paint something between a plain wall and a cluttered room.

    Args:
        size (int): Side in pixels.
        rng (np.random.Generator): Source of the variation.

    Returns:
        np.ndarray: Red, green and blue in 0..1, float32 (size, size, 3).
    """
    first, second = _dull(rng), _dull(rng)
    slope = rng.uniform(-1, 1, 2)
    ramp = np.linspace(-.5, .5, size)
    share = np.clip(.5 + ramp[:, None] * slope[0] + ramp * slope[1], 0, 1)
    image = (first + share[..., None] * (second - first)).astype(np.float32)
    for _ in range(int(30 * rng.random()**2)):
        color = tuple(_dull(rng).tolist())
        x, y, width, height = rng.integers(0, size, 4).tolist()
        if rng.random() < .5:
            cv2.rectangle(image, (x, y), (x + width // 2, y + height // 2),
                          color, -1)
        else:
            cv2.ellipse(image, (x, y), (width // 4 + 1, height // 4 + 1),
                        float(rng.uniform(0, 180)), 0, 360, color, -1)
    sigma = size * rng.uniform(.004, .04)
    return cv2.GaussianBlur(image, (0, 0), sigma)


def _dull(rng: np.random.Generator) -> np.ndarray:
    """A color as of walls and furniture."""
    return rng.uniform(.1, .9) + rng.uniform(-.15, .15, 3)


def expose(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Add the blur and noise of a lens and a sensor.

    Args:
        image (np.ndarray): Red, green and blue, 1 being white, float32
            (H, W, 3).
        rng (np.random.Generator): Source of the variation.

    Returns:
        np.ndarray: The image, uint8 (H, W, 3).
    """
    sigma = rng.uniform(.2, .7) * image.shape[0] / 112
    noise = rng.standard_normal(image.shape, dtype=np.float32)
    noise *= np.float32(rng.uniform(.002, .018))
    image = cv2.GaussianBlur(image, (5, 5), sigma) + noise
    return np.clip(image * 255 + .5, 0, 255).astype(np.uint8)
