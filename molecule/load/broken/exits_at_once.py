"""Can be imported, and ends as soon as gunicorn has started it."""

import os
import sys

from flask import Flask

app = Flask(__name__)

if os.path.basename(sys.argv[0]) == "gunicorn":
    print("leaves as soon as it has come", flush=True)
    sys.exit()
