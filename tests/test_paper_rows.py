"""Every row of the table of the paper's experiments, as smoke.

The commands are those of docs/experiments.md, on rendered subjects in the
official layouts and with small networks.
"""

import csv
import re
from pathlib import Path

import cv2
import pytest
from helpers.paper_datasets import FACE_CHECKPOINT, make_workplace
from helpers.tiny_run import ROOT, run

pytestmark = pytest.mark.slow

HOUR = 3600
RUNS = 'work_dirs/experiments_smoke'
PREPARED = ('rafdb', 'ferplus', 'affectnet', 'sfew')
# What the rows promise: tables by dataset, and figures.
TABLES = {2: 'CKPlus7', 3: 'RAFDB', 4: 'FERPlus', 5: 'AffectNet', 6: 'SFEW',
          9: 'RAFDB'}
FIGURES = {
    4: ['confusion_baseline_ckplus', 'confusion_ipdfer_ckplus'],
    5: [f'confusion_{model}_{name}' for model in ('baseline', 'ipdfer')
        for name in (*PREPARED, 'sfew_from_rafdb')],
    7: ['sensitivity_ipdfer_rafdb'],
    10: ['tsne_baseline_ckplus_ipdfer_ckplus'],
}


def table_rows() -> list[list[str]]:
    """Cells of the table, without its head."""
    text = (ROOT / 'docs/experiments.md').read_text()
    section = text.split("## The paper's tables and figures")[1]
    lines = [line for line in section.split('\n## ')[0].splitlines()
             if line.startswith('|')]
    return [[cell.strip() for cell in line.strip('|').split('|')]
            for line in lines[2:]]


def spans(cell: str, start: str) -> list[str]:
    """Code of a cell that begins with some text."""
    return re.findall(f'`({re.escape(start)}[^`]*)`', cell)


def sweep_lines() -> str:
    """The settings that docs/experiments.md sweeps."""
    text = (ROOT / 'docs/experiments.md').read_text()
    block, = re.findall(r'--sweep \\\n(.*?)```', text, re.DOTALL)
    return block.replace('\\\n', ' ').strip()


def experiment_commands() -> list[str]:
    """What the second column runs."""
    found = [span for row in table_rows() for span in spans(row[1], 'configs')]
    return [f'{span} {sweep_lines()}' if span.endswith('--sweep') else span
            for span in found]


@pytest.fixture(scope='module')
def folder(tmp_path_factory) -> Path:
    """Where the commands are called, with all they need."""
    return make_workplace(tmp_path_factory.mktemp('paper'), PREPARED)


@pytest.fixture(scope='module')
def experiments(folder) -> Path:
    """Folder of all runs."""
    for command in experiment_commands():
        output = run(
            'bash', '-c',
            f'python tools/run_experiments.py {command} --smoke', cwd=folder,
            timeout=2 * HOUR, FACE_CHECKPOINT=FACE_CHECKPOINT, **{
                f'{name.upper()}_RAFDB': f'{RUNS}/{name}_rafdb/seed0/'
                'epoch_2.pth' for name in ('baseline', 'ipdfer')})
        assert re.search(r'All \d+ runs are finished', output)
    return folder / RUNS


@pytest.fixture(scope='module')
def tables(folder, experiments) -> Path:
    """Folder of all tables."""
    run('python', 'tools/analysis_tools/make_tables.py', RUNS, cwd=folder)
    return experiments / 'tables'


@pytest.fixture(scope='module')
def figures(folder, experiments) -> tuple[Path, str]:
    """Folder of all figures, and what was printed."""
    flags = [span.split() for row in table_rows()
             for span in spans(row[2], '--')]
    output = run('python', 'tools/analysis_tools/plot_results.py', RUNS,
                 *sum(flags, []), cwd=folder, timeout=HOUR)
    return experiments / 'figures', output


def test_every_row_has_a_command():
    named = ' '.join(row[0] for row in table_rows())
    for number in range(1, 10):
        assert re.search(rf'\b{number}\b', named), f'Table {number}'
    for number in range(3, 11):
        assert re.search(rf'Fig[^|]*\b{number}\b', named), f'Fig. {number}'
    assert len(experiment_commands()) == 11


def test_pose_tables(folder):
    (row, ) = [row for row in table_rows() if row[0].startswith('Table 1')]
    command, = spans(row[2], 'python')
    output = run('bash', '-c', command, cwd=folder)
    for name in PREPARED:
        assert f'{name} train, paper' in output
        sheet = cv2.imread(
            str(folder / f'work_dirs/pose_histogram/{name}_poses.png'))
        assert sheet.shape[0] > 8 * 112 and sheet.shape[1] > 5 * 112


def read_table(path: Path) -> list[dict[str, str]]:
    with open(path, newline='') as file:
        return list(csv.DictReader(file))


# What the numbers are is asked by test_experiments/test_tables.py.
@pytest.mark.parametrize('number', TABLES)
def test_accuracy_tables(number, tables):
    rows = [row for row in read_table(
        tables / f'SMOKE_{TABLES[number]}_accuracy.csv')
        if row['paper'].endswith(f'Table {number}')]
    assert len(rows) == {6: 4, 9: 4}.get(number, 2)
    for row in rows:
        for which in ('last', 'best'):
            assert 0 <= float(row[f'{which} epoch: accuracy mean']) <= 100


@pytest.mark.parametrize('name', PREPARED)
def test_hours(name, tables):
    """Table 7: all four datasets, the paper's hours beside."""
    (path, ) = (path for path in tables.glob('*_time.csv')
                if name in path.name.lower())
    known = [row for row in read_table(path) if row['hours, paper'] != '-']
    assert len(known) == 2
    assert all(float(row['hours mean']) > 0 for row in known)


def test_large_poses(tables):
    """Table 8: shares of the images beyond each angle."""
    rows = read_table(tables / 'SMOKE_RAFDB_pose_last.csv')
    assert {'baseline_rafdb, paper', 'idfer_rafdb, paper',
            'ipdfer_rafdb, paper', 'idfer_rafdb'} < {
        row['experiment'] for row in rows}
    assert sum(column.startswith('over ') and column.endswith('mean')
               for column in rows[0]) == 4


def test_all_tables_say_smoke(tables):
    assert all(path.name.startswith('SMOKE_') for path in tables.iterdir())
    titles = [title for path in tables.glob('*.md') for title in
              re.findall('^## .*', path.read_text(), re.M)]
    assert titles and all(title.startswith('## SMOKE, no result: ')
                          for title in titles)


@pytest.mark.parametrize('number', FIGURES)
def test_figures(number, figures):
    folder, _ = figures
    for stem in FIGURES[number]:
        assert cv2.imread(str(folder / f'SMOKE_{stem}.png')) is not None, stem
        assert (folder / f'SMOKE_{stem}.pdf').read_bytes()[:4] == b'%PDF'


def test_large_pose_images(figures):
    """Fig. 6, which is drawn if there are such images."""
    folder, output = figures
    won, = re.findall(r'ipdfer_rafdb alone gets (\d+) right', output)
    path = folder / 'SMOKE_large_pose_idfer_rafdb_ipdfer_rafdb.png'
    assert path.is_file() == (int(won) > 0)


@pytest.mark.parametrize('name, run_folder', [
    ('ipdfer_ckplus', 'seed0/fold0'), ('ipdfer_rafdb', 'seed0')])
def test_synthesis(name, run_folder, folder, experiments):
    """Fig. 8 and 9."""
    (row, ) = [row for row in table_rows() if row[0].startswith('Fig. 8')]
    command, = spans(row[2], 'python')
    checkpoint = experiments / name / run_folder / 'epoch_2.pth'
    command = command.replace('CONFIG', f'configs/{name}.py').replace(
        'CHECKPOINT', str(checkpoint))
    output = run('bash', '-c', command, cwd=folder)
    assert '"note": "SMOKE, no result"' in output
    grid = cv2.imread(str(folder / 'grid.png'))
    assert grid.shape[0] > 12 * 112
    assert 4 * 112 < grid.shape[1] < 5 * 112
