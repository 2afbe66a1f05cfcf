"""Bins of the yaw of heads."""

import math
from bisect import bisect_right

POSE_EDGES = (10, 20, 30, 40)
UNKNOWN_POSE = -100
# By yaw bin.
POSE_NAMES = {
    **{i: f'{low}-{high}' for i, (low, high)
       in enumerate(zip((0, *POSE_EDGES), POSE_EDGES))},
    len(POSE_EDGES): f'over {POSE_EDGES[-1]}',
    UNKNOWN_POSE: 'unknown',
}
# Table 1 of the paper: training images in each of the five classes. Its yaw
# comes from another estimator, and three images of SFEW are not in it.
TABLE_1 = {
    'rafdb': (5836, 2544, 1646, 1058, 1187),
    'ferplus': (13515, 4985, 3200, 2486, 874),
    'affectnet': (167448, 66322, 35732, 12146, 2253),
    'sfew': (453, 279, 157, 49, 17),
}


def yaw_bin(yaw: float | None) -> int:
    """Bin of a yaw.

    Args:
        yaw (float, optional): Signed yaw in degrees; None or nan if unknown.

    Returns:
        int: 0 to 4 for an absolute yaw in [0, 10), [10, 20), [20, 30),
        [30, 40), [40, inf) degrees; -100, which cross entropy ignores, for an
        unknown one.
    """
    if yaw is None or math.isnan(yaw):
        return UNKNOWN_POSE
    return bisect_right(POSE_EDGES, abs(yaw))
