"""The example notes of ``flask seed``."""

from typing import NamedTuple


class Example(NamedTuple):
    title: str
    tags: list[str]
    body: str
    pinned: bool = False


EXAMPLES = [
    Example(
        title="Welcome to your pinboard",
        tags=["welcome"],
        pinned=True,
        body="""\
A note has a title, a text, tags, and pictures or files.

Search finds words in titles, texts and tags: press / to start. Pinned notes stay on top.""",
    ),
    Example(
        title="Pancakes for four",
        tags=["recipes", "weekend"],
        body="""\
300 g flour, 4 eggs, half a litre of milk, a pinch of salt.

Whisk, let it rest for 20 minutes, and fry in butter until golden.
With lemon and sugar, or with apple sauce.""",
    ),
    Example(
        title="Books to read",
        tags=["lists", "weekend"],
        body="""\
- The Design of Everyday Things
- A Pattern Language
- The Sea Around Us""",
    ),
    Example(
        title="Bike service",
        tags=["errands"],
        body="""\
New brake pads at the front, and ask about the noise from the bottom bracket.

Opening hours: https://bikes.example.org/hours""",
    ),
]
