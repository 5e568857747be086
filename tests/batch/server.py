"""Imports once, then runs the command in a child for every line, and kills it.

Reads ``[words, seconds or null]`` as JSON, a line each, after a first line with the
names of the modules to import. Answers ``[killed, exit code]``.
"""

import importlib
import json
import os
import signal
import sys
import time
from contextlib import suppress


def answer(words, seconds, run):
    child = os.fork()
    if child == 0:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
        os._exit(run(words))
    deadline = None if seconds is None else time.monotonic() + seconds
    while True:
        ended, status = os.waitpid(child, 0 if deadline is None else os.WNOHANG)
        if ended:
            break
        if time.monotonic() >= deadline:
            os.kill(child, signal.SIGKILL)
            deadline = None
        else:
            time.sleep(0.0005)
    if os.WIFSIGNALED(status):
        return [True, os.WTERMSIG(status)]
    return [False, os.WEXITSTATUS(status)]


def main():
    for module in json.loads(sys.stdin.readline()):
        # What is listed may be a part of a module that only its owner can import.
        with suppress(Exception):
            importlib.import_module(module)
    from pipelines.cli.app import run

    print("ready", flush=True)
    for line in sys.stdin:
        print(json.dumps(answer(*json.loads(line), run)), flush=True)


if __name__ == "__main__":
    main()
