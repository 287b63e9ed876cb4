"""The studio with the toy methods beside the real ones."""

import sys

from app.cli import main
from backend import supervisor
from methods import METHODS
from tests.toys import TOYS

METHODS.update(TOYS)
supervisor.PROGRAM = [sys.executable, "-m", "tests.toys"]

if __name__ == "__main__":
    main()
