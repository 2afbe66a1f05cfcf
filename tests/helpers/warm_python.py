"""Python scripts in processes that have imported torch and its like already.

Importing costs a tool most of the time of a short test. A server imports what
is not under test once and forks a process for each script, with arguments,
environment, folder and streams of its own. The package, which is under test,
is imported by that process.
"""

import atexit
import gc
import importlib
import json
import os
import random
import runpy
import signal
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parents[2]
TESTS = ROOT / 'tests'
PRELOADED = ('torch', 'torchvision', 'torch._dynamo', 'torch._inductor',
             'torch.distributed.fsdp', 'torch.utils.tensorboard', 'cv2',
             'matplotlib.backends.backend_agg', 'matplotlib.pyplot',
             'sklearn.metrics', 'scipy.stats', 'facenet_pytorch',
             'mmengine.runner', 'mmpretrain.apis', 'mmpretrain.engine',
             'mmpretrain.evaluation', 'mmpretrain.visualization')
READ_EARLY = ('PYTHON', 'OMP_', 'MKL_', 'TORCH', 'MPL', 'CUDA')


def tool_environment(**env) -> dict:
    """Environment of the repository's user.

    Args:
        **env: More environment variables.

    Returns:
        dict: With this Python first.
    """
    path = os.environ.get('PYTHONPATH', '')
    return {
        **os.environ,
        'OMP_NUM_THREADS': '1',
        'PATH': f'{Path(sys.executable).parent}:{os.environ["PATH"]}',
        'PYTHONPATH': f'{ROOT}:{TESTS}:{path}',  # for `custom_imports`
        **{k: str(v) for k, v in env.items()}
    }


class Server:
    """Forks a process for each script.

    Args:
        env (dict): Environment that the libraries are imported with.
    """

    def __init__(self, env: dict) -> None:
        self.read_early = read_early(env)
        self.process = subprocess.Popen(
            [sys.executable, __file__], env=env, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        atexit.register(self.process.stdin.close)

    def can_run(self, command: list[str], env: dict) -> bool:
        """Tell whether a forked process is as good as a new one.

        Args:
            command (list[str]): Program and arguments.
            env (dict): Its environment.

        Returns:
            bool: True for a Python script with the settings of the server.
        """
        return (len(command) > 1 and command[0] == 'python'
                and command[1].endswith('.py')
                and read_early(env) == self.read_early)

    def run(self, command: list[str], cwd: Path, env: dict, timeout: float,
            merged: bool = False) -> subprocess.CompletedProcess:
        """Run a script, as ``subprocess.run`` does.

        Args:
            command (list[str]): ``python``, the script and its arguments.
            cwd (Path): Where to run it.
            env (dict): Its environment.
            timeout (float): Seconds.
            merged (bool): Whether what goes to stderr is in ``stdout``, too.
                Defaults to False.

        Returns:
            subprocess.CompletedProcess: With all that it printed.

        Raises:
            subprocess.TimeoutExpired: If it takes longer.
        """
        with tempfile.TemporaryFile('w+') as out, tempfile.TemporaryFile(
                'w+') as err:
            names = [f'/proc/{os.getpid()}/fd/{file.fileno()}'
                     for file in (out, out if merged else err)]
            request = dict(argv=command[1:], cwd=str(cwd), env=env,
                           timeout=timeout, streams=names)
            self.process.stdin.write(json.dumps(request) + '\n')
            self.process.stdin.flush()
            code = json.loads(self.process.stdout.readline())
            printed = []
            for file in (out, err):
                file.seek(0)
                printed.append(file.read())
        if code is None:
            raise subprocess.TimeoutExpired(command, timeout, *printed)
        return subprocess.CompletedProcess(command, code, *printed)


def read_early(env: dict) -> dict:
    """Variables that count when Python starts or a library is imported.

    Args:
        env (dict): An environment.

    Returns:
        dict: Those of :data:`READ_EARLY`.
    """
    return {name: value for name, value in env.items()
            if name.startswith(READ_EARLY)}


@cache
def server() -> Server:
    """The server of these tests, started when it is needed first.

    Returns:
        Server: With the environment of now.
    """
    return Server(tool_environment())


def run_script(script: Path, *arguments, cwd: Path = ROOT,
               timeout: float = 300) -> subprocess.CompletedProcess:
    """Run one of the repository's scripts as its user does.

    Args:
        script (Path): The script.
        *arguments: Its arguments.
        cwd (Path): Where to run it. Defaults to the repository.
        timeout (float): Seconds. Defaults to 300.

    Returns:
        subprocess.CompletedProcess: With all that it printed, as text.
    """
    command = ['python', str(script), *map(str, arguments)]
    environment = tool_environment()
    if server().can_run(command, environment):
        return server().run(command, cwd, environment, timeout)
    return subprocess.run(command, cwd=cwd, env=environment, text=True,
                          capture_output=True, timeout=timeout)


def serve(requests: IO[str]) -> list[str] | None:
    """Fork for each request.

    Args:
        requests (IO[str]): Lines of JSON, see :meth:`Server.run`.

    Returns:
        list[str] | None: In a forked process the script and its arguments,
        in the server None when nobody asks any more.
    """
    for line in requests:
        request = json.loads(line)
        pid = os.fork()
        if pid == 0:
            return become(request)
        print(json.dumps(wait(pid, request['timeout'])), flush=True)
    return None


def wait(pid: int, timeout: float) -> int | None:
    """Wait for a process.

    Args:
        pid (int): The process; killed when it takes too long.
        timeout (float): Seconds.

    Returns:
        int | None: Exit status, negative for a signal; None if it took too
        long.
    """

    def kill(*_: object) -> None:
        os.kill(pid, signal.SIGKILL)

    before = signal.signal(signal.SIGALRM, kill)
    signal.setitimer(signal.ITIMER_REAL, timeout)
    _, status = os.waitpid(pid, 0)
    left, _ = signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)
    return os.waitstatus_to_exitcode(status) if left else None


def become(request: dict) -> list[str]:
    """Turn this process into the one that was asked for.

    Args:
        request (dict): See :meth:`Server.run`.

    Returns:
        list[str]: The script and its arguments.
    """
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    for number, name in enumerate(request['streams'], 1):
        os.dup2(os.open(name, os.O_WRONLY | os.O_APPEND), number)
    sys.stdin = os.fdopen(0)
    os.environ.clear()
    os.environ.update(request['env'])
    os.chdir(request['cwd'])
    sys.path[0] = str(Path(request['argv'][0]).resolve().parent)
    # A new process draws its own random numbers.
    random.seed()
    sys.modules['numpy'].random.seed()
    return request['argv']


def preload() -> None:
    """Import the libraries, and spare the scripts what they do repeatedly."""
    # MMEngine formats the config with yapf for each checkpoint and log.
    yapf_api = importlib.import_module('yapf.yapflib.yapf_api')
    formatted = {}
    plain = yapf_api.FormatCode

    def format_once(text: str, **style: object) -> tuple[str, bool]:
        if text not in formatted:
            formatted[text] = plain(text, **style)
        return formatted[text]

    yapf_api.FormatCode = format_once
    for name in PRELOADED:
        importlib.import_module(name)
    gc.freeze()  # what is here by now stays


if __name__ == '__main__':
    preload()
    asked = serve(sys.stdin)
    if asked is not None:
        sys.argv = asked
        runpy.run_path(asked[0], run_name='__main__')
