"""Classes of head poses."""

import math
from bisect import bisect_right

POSE_EDGES = (10, 20, 30, 40)
UNKNOWN_POSE = -100


def pose_class(yaw: float | None) -> int:
    """Class of a head pose.

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
