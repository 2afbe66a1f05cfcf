from ipdfer_mm.webpage.examples import EXAMPLES


def test_faces_are_found(inferencer, examples):
    """As many as there are, turned as they were rendered."""
    results = inferencer([examples[name] for name in EXAMPLES])
    for result, subjects in zip(results, EXAMPLES.values()):
        assert len(result.faces) == len(subjects), result.path
        for face, subject in zip(result.faces, subjects):
            assert abs(face.angles.yaw - subject.yaw) < 12, result.path
            assert face.label == subject.expression, result.path
