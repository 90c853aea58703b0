"""For the host's Python: a process sends itself a signal right before it does a certain thing.

/run/dies holds the signal, how many times to let it pass, and a pattern of the audit event that
says what the process is about to do, such as `KILL 0 os.rename.*live.sock`; see PEP 578. The file
becomes /run/died, with the number of the process, so only one process dies.
"""

from __future__ import annotations

import os
import re
import signal
import sys

FILE = "/run/dies"


def install() -> None:
    try:
        with open(FILE, encoding="utf-8") as file:
            name, times, pattern = file.read().split(" ", 2)
    except OSError:
        return
    left = int(times)
    fatal = re.compile(pattern)

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal left
        if event.partition(".")[0] not in ("os", "shutil", "subprocess", "open"):
            return
        if fatal.search(f"{event} {arguments[:2]}") and os.path.exists(FILE):
            left -= 1
            if left < 0:
                with open(FILE, "w", encoding="utf-8") as file:
                    file.write(str(os.getpid()))
                os.rename(FILE, "/run/died")
                os.kill(os.getpid(), signal.Signals[f"SIG{name}"])

    sys.addaudithook(hook)


install()
