"""Forms, and how what people type becomes clean text."""

from flask_wtf import FlaskForm
from flask_wtf.file import MultipleFileField
from wtforms import BooleanField, StringField, TextAreaField, ValidationError
from wtforms.validators import InputRequired, Length

MAX_TAGS, MAX_TAG_LENGTH, MAX_FILES = 8, 40, 5


def clean(text: str | None) -> str:
    """``text`` without outer blanks, with plain line ends, and without what PostgreSQL refuses."""
    return (text or "").replace("\0", "").replace("\r\n", "\n").strip()


def split_tags(text: str) -> list[str]:
    """The names in ``"Work, #Ideas, work"``: lower case, each once, in order: work, ideas."""
    names = (" ".join(name.split()).lstrip("# ").lower() for name in text.split(","))
    return list(dict.fromkeys(name for name in names if name))


class NoteForm(FlaskForm):
    title = StringField(
        "Title",
        filters=[clean],
        validators=[InputRequired("A note needs a title."), Length(max=200)],
    )
    body = TextAreaField("Text", filters=[clean], validators=[Length(max=100_000)])
    tags = StringField(
        "Tags", filters=[clean], description="Separate them with commas: recipes, weekend"
    )
    pinned = BooleanField("Pin to the top")
    files = MultipleFileField("Pictures and files", description="Up to five, 10 MB together")

    def validate_title(self, field: StringField) -> None:
        if not field.data:
            raise ValidationError("A note needs a title.")

    def validate_tags(self, field: StringField) -> None:
        names = split_tags(field.data)
        if len(names) > MAX_TAGS:
            raise ValidationError(f"At most {MAX_TAGS} tags, please: these are {len(names)}.")
        if any(len(name) > MAX_TAG_LENGTH for name in names):
            raise ValidationError(f"A tag has at most {MAX_TAG_LENGTH} characters.")

    def validate_files(self, field: MultipleFileField) -> None:
        if len(field.data or []) > MAX_FILES:
            raise ValidationError(f"At most {MAX_FILES} files at once, please.")
