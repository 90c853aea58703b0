from setuptools import setup

setup(
    name="bed-dependencies",
    version="1.0",
    py_modules=["app"],
    install_requires=["flask>=3,<4", "gunicorn"],
)
