"""What a verification can find."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ipdfer_mm.preparation.duplicates import MAX_DISTANCE

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
# What is said of the items of a kind, in this order.
MESSAGES = {
    'missing': '{} listed images are not there.',
    'unreadable': '{} images cannot be read.',
    'same_across': '{} images are in several splits, byte for byte.',
    'same_relabeled': '{} images are in a split with several labels, byte for '
    'byte.',
    'same_within': '{} images are in a split several times, byte for byte, '
    'with the same label.',
    'similar_across': '{} pairs of images in different splits look the same '
    f'(at most {MAX_DISTANCE} bits of their hashes differ).',
    'similar_within': '{} pairs of images in a split look the same (at most '
    f'{MAX_DISTANCE} bits of their hashes differ), as frames of one film do.',
    'subjects_across': '{} subjects are in several splits.',
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


def findings_of(found: Mapping[str, Sequence[str]]) -> Iterator[Finding]:
    """Findings with the message of their kind.

    Args:
        found (Mapping[str, Sequence[str]]): Items by kind, of
            :data:`MESSAGES`.

    Yields:
        Finding: One for each kind that has items.
    """
    for kind, message in MESSAGES.items():
        if found.get(kind):
            items = tuple(found[kind])
            yield Finding(kind, message.format(len(items)), items)
