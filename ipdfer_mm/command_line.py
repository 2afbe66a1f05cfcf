"""The command ``ipdfer``: all tools, without a checkout."""

import importlib.util
import sys
from collections.abc import Sequence
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType

from ipdfer_mm.utils.installation import find_root
from ipdfer_mm.utils.messages import escape_unprintable

# File below tools/ and purpose of each command.
COMMANDS = {
    'infer': ('infer.py', 'expressions in images, videos or of a camera'),
    'webpage': ('webpage.py', 'the same in the browser'),
    'train': ('train.py', 'train a model by a config'),
    'test': ('test.py', 'test a checkpoint'),
    'prepare': ('prepare_dataset.py', 'align the faces of a dataset'),
    'verify': ('verify_dataset.py', 'check a copy of a dataset'),
    'experiments': ('run_experiments.py', 'many configs and seeds'),
    'tables': ('analysis_tools/make_tables.py', 'their results as tables'),
    'plots': ('analysis_tools/plot_results.py', 'their results as figures'),
    'poses': ('analysis_tools/pose_histogram.py', 'head poses of a dataset'),
    'disentanglement': ('analysis_tools/disentanglement_report.py',
                        'what each component gives away'),
    'synthesis': ('analysis_tools/evaluate_synthesis.py',
                  'quality of the synthesized faces'),
    'export': ('model_converters/export_weights.py',
               'weights of a checkpoint as safetensors'),
    'publish': ('model_converters/ipdfer_to_mmpretrain.py',
                'the recognizer as a classifier of mmpretrain'),
    'onnx': ('model_converters/export_onnx.py', 'the recognizer as ONNX'),
    'quantize': ('model_converters/quantize_onnx.py', 'ONNX in int8'),
    'render': ('dataset_converters/render_faces.py', 'rendered faces'),
}
# Modules that only some commands need, which requirements/optional.txt lists.
OPTIONAL = {
    'gradio': ('webpage', ),
    'onnx': ('onnx', 'quantize'),
    'onnxruntime': ('onnx', 'quantize', 'infer --onnx', 'prepare --pose onnx'),
    'onnxscript': ('onnx', ),
    'torch_fidelity': ('synthesis --fid', ),
}


def usage() -> str:
    """Text of ``ipdfer --help``; it fits on a screen."""
    lines = [f'  {name:16}{purpose}'
             for name, (_, purpose) in COMMANDS.items()]
    return '\n'.join([
        'usage: ipdfer COMMAND [ARGUMENTS]',
        '',
        *lines,
        f'  {"config":16}path of a config of the package, to inherit from',
        f'  {"doctor":16}what is installed, and what is missing for what',
        '',
        'ipdfer COMMAND --help explains a command. Configs go by path, or by '
        'their name',
        'in the package: ipdfer train ipdfer_rafdb.py',
    ])


def load_tool(path: Path) -> ModuleType:
    """Import a tool as a module.

    Args:
        path (Path): Its file.

    Returns:
        ModuleType: With its ``main``.
    """
    loader = SourceFileLoader(f'ipdfer_tool_{path.stem}', str(path))
    module = ModuleType(loader.name)
    module.__file__ = str(path)
    sys.modules[loader.name] = module
    loader.exec_module(module)
    return module


def find_config(argument: str, root: Path) -> str:
    """Path of a config that may go by its name in the package.

    Args:
        argument (str): An argument of the command line.
        root (Path): Folder with the folder ``configs``.

    Returns:
        str: Path of the config of that name, such as ``ipdfer_rafdb.py`` or
        ``configs/ipdfer_rafdb.py``, also after ``--flag=``, where there is no
        such file; any other argument as it is.
    """
    flag, equals, value = argument.rpartition('=')
    if not flag.startswith('--'):
        flag, equals, value = '', '', argument
    if not value.endswith('.py') or Path(value).exists():
        return argument
    packaged = root / 'configs' / value.removeprefix('configs/')
    return f'{flag}{equals}{packaged}' if packaged.is_file() else argument


def print_paths(names: Sequence[str], root: Path) -> int | None:
    """Print where configs of the package are.

    Args:
        names (Sequence[str]): Their names; none for all.
        root (Path): Folder with the folder ``configs``.

    Returns:
        int or None: The exit status, None for 0.
    """
    known = sorted(path.name for path in (root / 'configs').glob('*.py'))
    if {'-h', '--help'} & {*names}:
        print('usage: ipdfer config [NAME ...]\n\nPrints where configs of the '
              'package are, or all their names.')
        return None
    if not names:
        print(*known, sep='\n')
        return None
    for name in names:
        path = Path(find_config(name, root))
        if not path.is_file():
            print(f'There is no config "{name}"; `ipdfer config` lists them.',
                  file=sys.stderr)
            return 2
        print(path.resolve())
    return None


def doctor() -> None:
    """Print what is installed, and which command misses what."""
    from ipdfer_mm.utils.collect_env import collect_env
    for name, value in collect_env().items():
        print(f'{name}: {value}')
    print()
    missing = [f'  {module}: for ' + ', '.join(
        f'`ipdfer {command}`' for command in commands)
               for module, commands in OPTIONAL.items()
               if importlib.util.find_spec(module) is None]
    if missing:
        print('Not installed (pip install them):', *missing, sep='\n')
    else:
        print('Nothing is missing for any command.')


def main(argv: Sequence[str] | None = None) -> int | None:
    """Run the command.

    Args:
        argv (Sequence[str], optional): Arguments. Defaults to those of the
            process.

    Returns:
        int or None: The exit status, None for 0.
    """
    escape_unprintable()
    argv = list(sys.argv[1:] if argv is None else argv)
    if not argv or argv[0] in ('-h', '--help'):
        print(usage())
        return None
    name, *arguments = argv
    if name == 'doctor':
        doctor()
        return None
    if name not in (*COMMANDS, 'config'):
        print(f'There is no command "{name}".\n\n{usage()}', file=sys.stderr)
        return 2
    root = find_root('tools')
    if root is None:
        print('The tools are not installed: install the package again, from '
              'its wheel or, with pip install -e, from a checkout.',
              file=sys.stderr)
        return 2
    if name == 'config':
        return print_paths(arguments, root)
    sys.argv[0] = f'ipdfer {name}'  # what argparse calls the program
    tool = load_tool(root / 'tools' / COMMANDS[name][0])
    return tool.main([find_config(argument, root) for argument in arguments])
