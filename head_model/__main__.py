"""Write the built-in head: ``python -m head_model``, after a change here.

A head of another shape gives other images: raise ``RENDERING_VERSION``, too.
"""

import io

import numpy as np

from ipdfer_mm.rendering.face_model import BUILT_IN, FaceModel
from ipdfer_mm.utils.atomic import write_atomically

from .head import build_head


def pack(head: FaceModel) -> bytes:
    """Content of a file that :meth:`FaceModel.load` reads.

    Args:
        head (FaceModel): The model.

    Returns:
        bytes: A compressed ``.npz`` file, in full precision.
    """
    content = io.BytesIO()
    np.savez_compressed(
        content,
        mean=head.mean,
        identity=head.identity,
        expression=head.expression,
        expression_names=np.array(head.expression_names),
        triangles=head.triangles,
        group_names=np.array(list(head.groups)),
        group_ranges=np.array(list(head.groups.values())),
        landmarks68=head.landmarks68)
    return content.getvalue()


if __name__ == '__main__':
    write_atomically(BUILT_IN, pack(build_head()), 'the head is as before')
    print(f'Wrote {BUILT_IN}.')
