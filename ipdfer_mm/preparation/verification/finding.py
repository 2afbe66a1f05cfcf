"""What a verification can find."""

from dataclasses import dataclass

# What each kind of problem means.
PROBLEMS = {
    'missing': 'listed images that are not there',
    'unreadable': 'images that are empty, cut off or no images',
    'counts': 'numbers of images that are not the official ones',
    'label_order': 'labels that seem to mean other classes',
    'same_across': 'the same bytes in several splits',
    'same_relabeled': 'the same bytes with several labels in a split',
    'similar_across': 'images that look the same in several splits',
    'subjects_across': 'subjects in several splits',
}
# Worth knowing, but no fault.
REMARKS = {
    'same_within': 'the same bytes several times in a split',
    'similar_within': 'images that look the same in a split',
    'unchecked': 'what could not be checked',
}


@dataclass(frozen=True)
class Finding:
    """One thing that was found.

    Args:
        kind (str): Key of :data:`PROBLEMS` or :data:`REMARKS`.
        message (str): A sentence.
        items (tuple[str]): Files, pairs, classes or subjects it is about.
        accepted (bool): Whether the user knows of this problem.
    """

    kind: str
    message: str
    items: tuple[str, ...] = ()
    accepted: bool = False

    @property
    def is_problem(self) -> bool:
        """Whether the copy is not complete or not honest."""
        return self.kind in PROBLEMS and not self.accepted
