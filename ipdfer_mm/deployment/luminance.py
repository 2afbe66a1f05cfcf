"""Color for networks that were trained on gray images."""

from torch import Tensor

# ITU-R BT.601, with which OpenCV makes gray of RGB.
WEIGHTS = (0.299, 0.587, 0.114)
FIRST_LAYERS = ('backbone.conv1.weight', 'pose_encoder.backbone.conv1.weight',
                'expression_encoder.backbone.conv1.weight')


def see_luminance(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Let the trained encoders of a model see the luminance of an image only.

    On gray images, whose channels are the same, nothing changes. On an image
    in color the first layer does with its luminance what it does with a gray
    one, whoever prepares the image.

    Args:
        state (dict[str, Tensor]): State dict of IPD-FER, of ID-FER or of a
            plain classifier of mmpretrain, with a ResNet that takes RGB.

    Returns:
        dict[str, Tensor]: The state dict with other first layers.

    Raises:
        ValueError: If no layer is known as a first one.
    """
    names = [name for name in FIRST_LAYERS if name in state]
    if not names:
        raise ValueError('The checkpoint has no first layer of a ResNet: none '
                         f'of {", ".join(FIRST_LAYERS)}.')
    changed = {}
    for name in names:
        weight = state[name]
        share = weight.new_tensor(WEIGHTS).view(1, 3, 1, 1)
        changed[name] = weight.sum(dim=1, keepdim=True) * share
    return {**state, **changed}
