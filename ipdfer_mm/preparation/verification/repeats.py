"""Images and subjects that are there more than once.

Images are the same if their bytes are, and similar if few bits of their
perceptual hashes differ: saved again, brighter or smaller. Mirrored, turned
or otherwise cropped copies are not found.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from ipdfer_mm.preparation.duplicates import MAX_DISTANCE, near_duplicates

from .files import CheckedFile
from .finding import Finding
from .samples import Sample


def group_by_content(samples: Sequence[Sample],
                     files: Mapping[str, CheckedFile]
                     ) -> dict[str, list[Sample]]:
    """Samples by the hash of their file's bytes.

    Args:
        samples (Sequence[Sample]): All samples.
        files (Mapping[str, CheckedFile]): Their files by path; those with a
            fault are left out.

    Returns:
        dict[str, list[Sample]]: Samples of each hash.
    """
    groups = defaultdict(list)
    for sample in samples:
        file = files[sample.path]
        if not file.fault:
            groups[file.content].append(sample)
    return dict(groups)


def check_same(groups: Mapping[str, Sequence[Sample]]) -> Iterator[Finding]:
    """Find files with the same bytes.

    Args:
        groups (Mapping[str, Sequence[Sample]]): Of :func:`group_by_content`.

    Yields:
        Finding: Of the kinds ``same_across``, ``same_relabeled`` and
        ``same_within``.
    """
    across, relabeled, within = [], [], []
    for group in groups.values():
        splits = defaultdict(list)
        for sample in group:
            splits[sample.split].append(sample)
        if len(splits) > 1:
            across.append(_join(group))
        for members in splits.values():
            labels = {sample.expression for sample in members}
            if len(labels) > 1:
                relabeled.append(_join(members))
            elif len(members) > 1:
                within.append(_join(members))
    if across:
        yield Finding(
            'same_across', f'{len(across)} images are in several splits, '
            'byte for byte.', tuple(across))
    if relabeled:
        yield Finding(
            'same_relabeled', f'{len(relabeled)} images are in a split '
            'with several labels, byte for byte.', tuple(relabeled))
    if within:
        yield Finding(
            'same_within', f'{len(within)} images are in a split several '
            'times, byte for byte, with the same label.', tuple(within))


def check_similar(groups: Mapping[str, Sequence[Sample]],
                  files: Mapping[str, CheckedFile]) -> Iterator[Finding]:
    """Find images that look the same, but are not the same bytes.

    Args:
        groups (Mapping[str, Sequence[Sample]]): Of :func:`group_by_content`.
        files (Mapping[str, CheckedFile]): The files by path.

    Yields:
        Finding: Of the kinds ``similar_across`` and ``similar_within``.
    """
    contents = list(groups.values())
    if len(contents) < 2:
        return
    bits = np.stack([files[group[0].path].bits for group in contents])
    across, within = [], []
    for i, j, distance in near_duplicates(bits):
        pair = _crossing_pair(contents[i], contents[j])
        found = across if pair[0].split != pair[1].split else within
        found.append(f'{pair[0]} ~ {pair[1]}, {distance} bits')
    means = f'at most {MAX_DISTANCE} of {bits.shape[1]} bits differ'
    if across:
        yield Finding(
            'similar_across', f'{len(across)} pairs of images in different '
            f'splits look the same ({means}).', tuple(across))
    if within:
        yield Finding(
            'similar_within', f'{len(within)} pairs of images in a split '
            f'look the same ({means}), as frames of one film do.',
            tuple(within))


def check_subjects(samples: Sequence[Sample]) -> Iterator[Finding]:
    """Find subjects who are in several splits.

    Args:
        samples (Sequence[Sample]): All samples.

    Yields:
        Finding: Of the kinds ``subjects_across`` and ``unchecked``.
    """
    splits: dict[str, dict[str, int]] = {}
    for sample in samples:
        if sample.subject is not None:
            seen = splits.setdefault(sample.subject, {})
            seen[sample.split] = seen.get(sample.split, 0) + 1
    unknown = sum(sample.subject is None for sample in samples)
    several = tuple(
        f'{subject}: ' + ', '.join(f'{count} in {split}'
                                   for split, count in seen.items())
        for subject, seen in sorted(splits.items()) if len(seen) > 1)
    if several:
        yield Finding(
            'subjects_across',
            f'{len(several)} subjects are in several splits.', several)
    if unknown and len({sample.split for sample in samples}) > 1:
        yield Finding(
            'unchecked', f'Subjects in several splits: of {unknown} of '
            f'{len(samples)} samples the subject is not known.')


def _crossing_pair(first: Sequence[Sample],
                   second: Sequence[Sample]) -> tuple[Sample, Sample]:
    """Two samples, of different splits if there are such."""
    return next(((a, b) for a in first for b in second
                 if a.split != b.split), (first[0], second[0]))


def _join(samples: Sequence[Sample]) -> str:
    return ' = '.join(map(str, samples))
