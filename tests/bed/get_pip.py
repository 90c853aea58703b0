"""Installs pip from a wheel beside this file, instead of the get-pip that ansible-test fetches."""

import glob
import os
import sys

folder = os.path.dirname(os.path.abspath(__file__))
wheel = glob.glob(os.path.join(folder, "pip-*.whl"))[0]
sys.path.insert(0, wheel)
from pip._internal.cli.main import main  # noqa: E402

arguments = [each for each in sys.argv[1:] if each not in ("--no-setuptools", "--no-wheel")]
sys.exit(main(["install", "--no-index", "--find-links", folder, *arguments]))
