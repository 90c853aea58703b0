"""An app that takes many packages, of which it needs one."""

from flask import Flask

app = Flask(__name__)
