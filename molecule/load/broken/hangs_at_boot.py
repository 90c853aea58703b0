"""Can be imported, and hangs when gunicorn has started it."""

import os
import sys
import time

from flask import Flask

app = Flask(__name__)

if os.path.basename(sys.argv[0]) == "gunicorn":
    time.sleep(3600)
