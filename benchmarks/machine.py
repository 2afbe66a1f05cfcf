"""The machine that numbers were measured on."""

import platform
from pathlib import Path

import torch


def describe_machine(device: str, threads: int) -> dict:
    """Say what the numbers depend on.

    Args:
        device (str): ``'cpu'`` or ``'cuda'``.
        threads (int): Of the CPU.

    Returns:
        dict: ``cpu``, its name, ``vnni`` and ``amx_bf16``, whether it has
        these instructions, ``threads``, ``torch``, its version, and on a GPU
        ``gpu``, its name.
    """
    info = Path('/proc/cpuinfo')  # Linux
    text = info.read_text() if info.is_file() else ''
    names = [line.partition(':')[2].strip() for line in text.splitlines()
             if line.startswith('model name')]
    machine = dict(
        cpu=names[0] if names else platform.processor(),
        vnni='vnni' in text if text else 'unknown',
        amx_bf16='amx_bf16' in text if text else 'unknown',
        threads=threads,
        torch=torch.__version__)
    if device == 'cuda':
        machine['gpu'] = torch.cuda.get_device_name()
    return machine
