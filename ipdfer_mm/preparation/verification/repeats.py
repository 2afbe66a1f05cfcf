"""Images and subjects that are there more than once.

Images are the same if their bytes are, and similar if few bits of their
perceptual hashes differ: saved again, brighter or smaller. Mirrored, turned
or otherwise cropped copies are not found.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from ipdfer_mm.preparation.duplicates import near_duplicates

from .files import CheckedFile
from .finding import Finding, findings_of
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
    found = defaultdict(list)
    for group in groups.values():
        splits = defaultdict(list)
        for sample in group:
            splits[sample.split].append(sample)
        if len(splits) > 1:
            found['same_across'].append(_join(group))
        for members in splits.values():
            if len({sample.expression for sample in members}) > 1:
                found['same_relabeled'].append(_join(members))
            elif len(members) > 1:
                found['same_within'].append(_join(members))
    yield from findings_of(found)


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
    found = defaultdict(list)
    for i, j, distance in near_duplicates(bits):
        first, second = _crossing_pair(contents[i], contents[j])
        across = first.split != second.split
        found['similar_across' if across else 'similar_within'].append(
            f'{first} ~ {second}, {distance} bits')
    yield from findings_of(found)


def check_subjects(samples: Sequence[Sample]) -> Iterator[Finding]:
    """Find subjects who are in several splits.

    Args:
        samples (Sequence[Sample]): All samples.

    Yields:
        Finding: Of the kinds ``subjects_across`` and ``unchecked``.
    """
    splits: dict[str, Counter] = defaultdict(Counter)
    for sample in samples:
        if sample.subject is not None:
            splits[sample.subject][sample.split] += 1
    unknown = sum(sample.subject is None for sample in samples)
    yield from findings_of(dict(subjects_across=[
        f'{subject}: ' + ', '.join(
            f'{count} in {split}' for split, count in counts.items())
        for subject, counts in sorted(splits.items()) if len(counts) > 1]))
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
