"""Whether a copy of a dataset is complete and honest."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from ipdfer_mm.preparation.chunks import ADVICE
from ipdfer_mm.utils.atomic import write_atomically

from .counts import check_counts, count_samples
from .files import MISSING, CheckedFile, check_files
from .finding import Finding, findings_of
from .official import official_numbers
from .repeats import (
    check_same,
    check_similar,
    check_subjects,
    group_by_content,
)
from .report import Report
from .samples import Sample, collect_samples


def verify(name: str,
           data_root: Path,
           out: Path,
           options: Mapping,
           workers: int,
           accepted: Collection[str] = ()) -> Report:
    """Look for all that can be wrong with a copy of a dataset.

    Writes ``report.txt`` and ``report.json`` to ``out``, and ``parts``, from
    which an interrupted verification goes on. The dataset is not changed,
    except that FERPlus writes missing images if it has their pixels.

    Args:
        name (str): Key of :data:`ipdfer_mm.preparation.datasets.PREPARABLE`.
        data_root (Path): Folder of the dataset.
        out (Path): Folder of the results.
        options (Mapping): Arguments of the dataset class to change.
        workers (int): Number of processes; 0 works in this one.
        accepted (Collection[str]): Kinds of
            :data:`ipdfer_mm.preparation.verification.PROBLEMS` that the user
            knows of.

    Returns:
        Report: What was found.

    Raises:
        OSError: If the dataset is not there or a result cannot be written.
        ValueError: If a file of the dataset is wrong.
    """
    samples = collect_samples(name, data_root, options)
    counts = count_samples(samples)
    official = official_numbers(name, options)
    files = check_files(data_root, [sample.path for sample in samples],
                        out / 'parts', workers)
    findings = [
        replace(finding, accepted=finding.kind in accepted)
        for finding in (*_check_faults(files), *check_counts(counts, official),
                        *_check_repeats(samples, files))
    ]
    report = Report(
        name, str(data_root), len(files),
        len({s.subject for s in samples if s.subject is not None}), counts,
        official, tuple(sorted(findings, key=lambda f: not f.is_problem)))
    write_atomically(out / 'report.txt', report.to_text().encode(), ADVICE)
    write_atomically(out / 'report.json', report.to_json(), ADVICE)
    return report


def _check_faults(files: Mapping[str, CheckedFile]) -> Iterator[Finding]:
    missing, unreadable = [], []
    for file in files.values():
        if file.fault == MISSING:
            missing.append(file.path)
        elif file.fault:
            unreadable.append(f'{file.path}: {file.fault}')
    return findings_of(dict(missing=missing, unreadable=unreadable))


def _check_repeats(samples: Sequence[Sample],
                   files: Mapping[str, CheckedFile]) -> Iterator[Finding]:
    groups = group_by_content(samples, files)
    yield from check_same(groups)
    yield from check_similar(groups, files)
    yield from check_subjects(samples)
