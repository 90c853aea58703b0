"""For the host's Python: kills a process with SIGKILL right before it does a certain thing.

/run/dies holds how many times to let it pass, and a pattern of the audit event that says what the
process is about to do, such as `os.rename .*live.sock`; see PEP 578. After its end the file is
gone, so only one process dies.
"""

import os
import re
import signal
import sys

FILE = "/run/dies"


def install():
    try:
        with open(FILE, encoding="utf-8") as file:
            times, pattern = file.read().split(" ", 1)
    except OSError:
        return
    left = int(times)
    fatal = re.compile(pattern)

    def hook(event, arguments):
        nonlocal left
        if event.partition(".")[0] not in ("os", "shutil", "subprocess", "open"):
            return
        if fatal.search(f"{event} {arguments[:2]}") and os.path.exists(FILE):
            left -= 1
            if left < 0:
                os.remove(FILE)
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)


install()
