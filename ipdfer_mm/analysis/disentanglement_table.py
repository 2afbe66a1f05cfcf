"""The report on disentanglement as Markdown."""

from collections.abc import Iterable

from ipdfer_mm.utils.text_table import markdown_table

from .probes import FACTOR_OF, PROBES


def disentanglement_markdown(report: dict) -> str:
    """Write the report of ``disentanglement_report.py`` as tables.

    Args:
        report (dict): What the tool writes as JSON.

    Returns:
        str: Markdown. Items that are left out are listed with the reason.
    """
    note = f'{report["note"]}\n\n' if 'note' in report else ''
    parts = [
        f'{note}# Disentanglement of {report["checkpoint"]}\n\n'
        f'{report["model"]} on {report["images"]} images of '
        f'{report["subjects"]} subjects, '
        f'{len(report["classes"])} expressions.\n'
    ]
    for kind, matrix in report['probes'].items():
        parts.append(_leakage(kind, matrix))
    parts += [_components(report), _dependence(report), _synthesis(report),
              _swap(report), _left_out(report)]
    return '\n'.join(part for part in parts if part)


def _leakage(kind: str, matrix: dict) -> str:
    first = next(iter(matrix['cells'].values()))
    columns = list(first)
    rows = []
    for name, cells in matrix['cells'].items():
        row = [name]
        for column in columns:
            text = f'{cells[column]["score"]:.2f} ± {cells[column]["std"]:.2f}'
            own = FACTOR_OF[name] == column
            row.append(f'**{text}**' if own else text)
        margin = matrix['margin'].get(name)
        row.append('' if margin is None else f'{margin:.2f}')
        rows.append(row)
    chances = ', '.join(
        f'{column} {cell["chance"]:.3f}' for column, cell in first.items())
    text = (f'## What a new {PROBES[kind]} probe reads out of each component'
            '\n\n'
            + markdown_table(['', *columns, 'own less mean of others'], rows)
            + '\n0 is chance, 1 perfect: (UAR - chance) / (1 - chance), mean '
            'and standard deviation over the parts of the subjects (of the '
            f'images for identity). Chance: {chances}.')
    if matrix['mean_margin'] is not None:
        text += (' Mean of own less mean of others: '
                 f'{matrix["mean_margin"]:.3f}.')
    return f'{text}\n'


def _components(report: dict) -> str:
    header = ['', 'same subject or not, same expression: AUC', 'EER',
              'R² of the yaw', 'mean error of the yaw', 'entropy of C_p']
    rows = []
    items = [report.get(item, {})
             for item in ('verification', 'yaw', 'pose_entropy')]
    for name in dict.fromkeys(name for cells in items for name in cells):
        cell, yaw, entropy = (cells.get(name) for cells in items)
        rows.append([
            name, '' if cell is None else f'{cell["auc"]:.3f}',
            '' if cell is None else f'{cell["eer"]:.3f}',
            '' if yaw is None else f'{yaw["r2"]:.3f} ± {yaw["std"]:.3f}',
            '' if yaw is None else f'{yaw["mae"]:.1f}°',
            '' if entropy is None else f'{entropy:.3f}'
        ])
    return ('## Each component\n\n' + markdown_table(header, rows)
            + '\nAUC and EER of the cosine; 0.5 is chance. R² by ridge '
            'regression, for subjects it has not seen. The entropy is '
            'relative to that of a uniform answer.\n')


def _dependence(report: dict) -> str:
    if 'dependence' not in report:
        return ''
    rows = [[pair] + [
        f'{cell["value"]:.3f} (floor {cell["floor"]:.3f} ± '
        f'{cell["floor_std"]:.3f})' for cell in cells.values()
    ] for pair, cells in report['dependence'].items()]
    return ('## Dependence of components\n\n' + markdown_table(
        ['', 'mean of abs. cosine', 'linear CKA', 'distance correlation'],
        rows) + '\nThe floor is that of components of different images, '
        'mean and standard deviation over shuffles.\n')


def _synthesis(report: dict) -> str:
    if 'synthesis' not in report:
        return ''
    synthesis = report['synthesis']
    text = '## Synthesized faces\n\n'
    near = _below('paired_neutral/', synthesis)
    if near:
        text += markdown_table(
            ['against the paired neutral face', 'L1', 'PSNR', 'SSIM'],
            _rows(near, ('l1', 'psnr', 'ssim')))
        gain = synthesis['neutral_gain']
        text += (
            f'\nWhere image and paired neutral differ, the neutral face is '
            f'nearer to the true one than the reconstruction on '
            f'{100 * gain["closer"]:.1f} % of {gain["num_images"]} images '
            f'(L1 {gain["neutral_l1"]:.3f} and '
            f'{gain["reconstruction_l1"]:.3f}).\n\n')
    text += _identities(synthesis, report['identity_network'])
    if 'identity_face' in synthesis:
        face = synthesis['identity_face']
        text += (
            f'\nThe face of the identity alone is nearer to the subject, '
            'neutral and turned to the camera, than the mean training image '
            f'on {100 * face["closer"]:.1f} % of {face["num_images"]} '
            f'subjects (L1 {face["l1"]:.3f} and '
            f'{face["mean_image_l1"]:.3f}).\n')
    text += (f'\nThe reconstruction is off by '
             f'{synthesis["reconstruction_l1"]:.3f}, the mean training '
             f'image by {synthesis["mean_image_l1"]:.3f}.\n')
    if 'classifier' in synthesis:
        text += '\n' + markdown_table(
            ['the classifier says', 'neutral', 'the class of the input'],
            _rows(synthesis['classifier'], ('neutral', 'as_labeled')))
    return text


def _identities(synthesis: dict, network: str) -> str:
    identity = _below('identity_cosine/', synthesis)
    recognized = _below('fisherface_accuracy/', synthesis)
    if not identity:
        return ''
    return markdown_table(
        ['identity', 'cosine, same subject', 'other subjects', 'AUC',
         'Fisherfaces'],
        [[*row, f'{recognized[row[0]]:.3f}'] for row in _rows(
            identity, ('same_subject', 'other_subjects', 'auc'))]
    ) + f'\nThe cosine is by {network}.\n'


def _rows(cells: dict[str, dict], keys: Iterable[str]) -> list[list[str]]:
    return [[name, *(f'{cell[key]:.3f}' for key in keys)]
            for name, cell in cells.items()]


def _below(prefix: str, cells: dict) -> dict:
    return {key.removeprefix(prefix): cell for key, cell in cells.items()
            if key.startswith(prefix)}


def _swap(report: dict) -> str:
    if 'swap' not in report:
        return ''
    columns = {
        'swap_l1': 'L1 to the truth',
        'truth_reconstruction_l1': 'its own reconstruction',
        'no_swap_l1': 'nothing swapped',
        'mean_image_l1': 'mean image',
    }
    rows = [[*row, f'{100 * cell["closer"]:.1f} %', str(cell['num_swaps'])]
            for row, cell in zip(_rows(report['swap'], columns),
                                 report['swap'].values())]
    text = '## Swaps against the rendered truth\n\n' + markdown_table(
        ['swapped', *columns.values(), 'nearer than nothing swapped',
         'swaps'], rows)
    rows = []
    for name, cell in report['swap'].items():
        for key in next(iter(cell['attributes'].values())):
            rows.append([name, key] + [
                f'{cell["attributes"][face][key]:.3f}'
                for face in ('swap', 'no_swap', 'truth')])
    return text + '\n' + markdown_table(
        ['swapped', 'as its donor', 'swap', 'nothing swapped', 'truth'],
        rows) + (
            '\nIdentity: the first donor is the nearest of them, by '
            f'{report["identity_network"]}. Pose: the model\'s own E_pose and '
            'C_p name the yaw bin of its donor. Expression: the '
            'expression classifier names the class of its donor.\n')


def _left_out(report: dict) -> str:
    if not report['left_out']:
        return ''
    return '## Left out\n\n' + ''.join(
        f'- {name}: {reason}\n' for name, reason in report['left_out'].items())
