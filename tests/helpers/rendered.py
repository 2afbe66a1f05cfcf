"""What tests of rendered faces have in common."""

from ipdfer_mm.rendering import (
    RenderSpec,
    sample_expression,
    sample_light,
    sample_subject,
)
from ipdfer_mm.utils.expressions import EXPRESSIONS


def sample_specs(model, count, rng, max_yaw=45, **kwargs):
    """Describe images of other subjects, all classes in turn."""
    return [RenderSpec(
        sample_subject(len(model.identity), rng),
        sample_expression(EXPRESSIONS[i % len(EXPRESSIONS)], rng),
        yaw=rng.uniform(-max_yaw, max_yaw), pitch=6 * rng.standard_normal(),
        roll=5 * rng.standard_normal(), light=sample_light(rng),
        seed=int(rng.integers(10**6)), **kwargs) for i in range(count)]
