"""The real supervisor with real workers that have the toy methods, and no web: `python -m tests.faults.house`."""

import logging
import sys

from backend import supervisor

supervisor.PROGRAM = [sys.executable, "-m", "tests.toys"]

if __name__ == "__main__":
    logging.basicConfig(level="INFO", format="%(asctime)s %(message)s")
    everything = supervisor.children
    supervisor.children = lambda web: [each for each in everything(web) if each.name != "web"]
    supervisor.Supervisor(logging.getLogger("house").info).run()
