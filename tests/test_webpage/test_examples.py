from ipdfer_mm.webpage.examples import EXAMPLES


def test_faces_are_found(inferencer, examples):
    """As many as there are, turned as they were rendered."""
    results = inferencer([examples[name] for name in EXAMPLES])
    for result, people in zip(results, EXAMPLES.values()):
        assert len(result.faces) == len(people), result.path
        for face, person in zip(result.faces, people):
            assert abs(face.angles.yaw - person.yaw) < 12, result.path
            assert face.label == person.expression, result.path
