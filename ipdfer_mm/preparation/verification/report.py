"""What a verification says."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass

from .finding import Finding
from .official import Official


@dataclass(frozen=True)
class Report:
    """Outcome of a verification.

    Args:
        dataset (str): Name of the dataset.
        data_root (str): Its folder.
        num_files (int): Different images that are listed.
        num_subjects (int): Different subjects that are named.
        counts (Mapping[str, Counter]): Class to number, by split.
        official (Mapping[str, Official], optional): By split, where known.
        findings (tuple[Finding]): Problems first.
    """

    dataset: str
    data_root: str
    num_files: int
    num_subjects: int
    counts: Mapping[str, Counter]
    official: Mapping[str, Official] | None
    findings: tuple[Finding, ...]

    @property
    def num_problems(self) -> int:
        """Number of problems that the user has not accepted."""
        return sum(finding.is_problem for finding in self.findings)

    def to_text(self, limit: int | None = None) -> str:
        """Write it for readers.

        Args:
            limit (int, optional): How many items of each finding are shown.
                Defaults to None, all.

        Returns:
            str: Lines.
        """
        lines = [
            f'{self.dataset} in {self.data_root}: {self._verdict}.',
            f'{self.num_files} images, {self.num_subjects or "no"} subjects '
            'named.', '', *self._count_lines()
        ]
        for finding in self.findings:
            lines += ['', *_finding_lines(finding, limit)]
        return '\n'.join(lines) + '\n'

    def to_json(self) -> bytes:
        """Write it for programs."""
        content = asdict(self)
        content['official'] = self.official and {
            split: dict(total=numbers.total, classes=dict(numbers.classes))
            for split, numbers in self.official.items()
        }
        content['counts'] = {
            split: dict(counter) for split, counter in self.counts.items()
        }
        for item, finding in zip(content['findings'], self.findings):
            item['is_problem'] = finding.is_problem
        content['num_problems'] = self.num_problems
        return json.dumps(content, indent=1).encode()

    @property
    def _verdict(self) -> str:
        remarks = len(self.findings) - self.num_problems
        return (f'{_number(self.num_problems, "problem")}, '
                f'{_number(remarks, "remark")}')

    def _count_lines(self) -> Iterator[str]:
        classes = sorted({name for counter in self.counts.values()
                          for name in counter})
        rows = [['split', *classes, 'total']]
        for split, counter in self.counts.items():
            official = (self.official or {}).get(split)
            known = official.classes if official else {}
            row = [_cell(counter[name], known.get(name)) for name in classes]
            compared = sum(counter[name] for name in known or counter)
            wanted = official.total if official else None
            is_right = wanted is None or compared == wanted
            total = _cell(sum(counter.values()), None if is_right else wanted)
            rows.append([split, *row, total])
        widths = [max(map(len, column)) for column in zip(*rows)]
        for row in rows:
            yield '  '.join(
                cell.ljust(width) for cell, width in zip(row, widths)).rstrip()
        if any('(' in cell for row in rows for cell in row[1:]):
            yield '(in brackets: official number, where it differs)'


def _cell(count: int, official: int | None) -> str:
    if official is None or official == count:
        return str(count)
    return f'{count} ({official})'


def _number(count: int, noun: str) -> str:
    return f'{count or "no"} {noun}{"" if count == 1 else "s"}'


def _finding_lines(finding: Finding, limit: int | None) -> Iterator[str]:
    title = 'PROBLEM' if finding.is_problem else 'remark'
    if finding.accepted:
        title = 'accepted'
    yield f'{title} [{finding.kind}] {finding.message}'
    for item in finding.items[:limit]:
        yield f'    {item}'
    if limit is not None and len(finding.items) > limit:
        yield f'    and {len(finding.items) - limit} more'
