"""The table of tools/analysis_tools/benchmark_inference.py."""

from collections.abc import Sequence

from ipdfer_mm.utils.text_table import TextTable


def benchmark_table(summaries: dict[int, dict], title: str,
                    notes: Sequence[str]) -> TextTable:
    """Make a table of the summaries of several sizes of batches.

    Args:
        summaries (dict[int, dict]): Of
            :func:`ipdfer_mm.benchmarking.summarize`, by batch size.
        title (str): Title of the table.
        notes (Sequence[str]): Sentences below it.

    Returns:
        TextTable: A row for each runtime and size.
    """
    rows = []
    for size, summary in summaries.items():
        for name, row in summary.items():
            rows.append([
                name, size,
                f'{row["ms"]:.2f} ({row["ms_low"]:.2f}-{row["ms_high"]:.2f})',
                f'{row["ms_best"]:.2f}', f'{row["pictures_per_second"]:.0f}',
                f'{row["speedup"]:.2f} ({row["speedup_low"]:.2f}-'
                f'{row["speedup_high"]:.2f})'
            ])
    header = ['runtime', 'batch', 'ms a picture', 'fastest round',
              'pictures/s', 'times as fast']
    return TextTable('benchmark_inference', title, header, rows, list(notes))
