"""Menu documents put into another language: the texts of a translation over those of a document.

A translation has the shape of the documents and holds nothing but texts, so that a text and its
translation stand at the same path. Choices are named by their key or one of their intents or phrases,
rules of a decision by their number. What is missing stays in the hotline's own language.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import ValidationError

from ivr.dialog.events import Value
from ivr.dialog.shape import ChoiceDoc, Doc, PromptDoc, RuleDoc
from ivr.dialog.source import Path, Source

D = TypeVar("D", bound=Doc)
FOLDER = "translations/"


@dataclass(frozen=True, slots=True)
class Original:
    """Where the text that is translated stands."""

    source: Source
    path: Path

    def at(self, *more: str | int) -> "Original":
        """Return a place below."""
        return Original(self.source, (*self.path, *more))


class Translator:
    """Puts documents into one language, and notes what is missing or too much."""

    def __init__(self, language: str, source: Source) -> None:
        self.language, self.source = language, source
        self.data = source.data if isinstance(source.data, dict) else {}

    def at(self, *path: str) -> Value:
        """Return the translation's data at a path, or None."""
        value: Value = self.data
        for name in path:
            value = value.get(name) if isinstance(value, dict) else None
        return value

    def doc(self, doc: D, path: Path, original: Original) -> D:
        """Return a document with its texts translated."""
        return self._doc(doc, self.at(*map(str, path)), path, original)

    def head(self, doc: D, original: Original) -> D:
        """Return the head of a hotline with its texts translated."""
        words = {
            name: value for name, value in self.data.items() if name not in ("hotline", "nodes", "messages")
        }
        return self._doc(doc, words, (), original)

    def unknown(self, known: Mapping[str, object], *path: str) -> None:
        """Note the names at a path of which the hotline knows nothing."""
        found = self.at(*path)
        for name in found if isinstance(found, dict) else ():
            if name not in known:
                self.source.fault((*path, name), "unknown-text", f"there is no '{name}' to translate")

    def _doc(self, doc: D, words: Value, path: Path, original: Original) -> D:
        given = words if isinstance(words, dict) else {}
        if words is not None and not isinstance(words, dict):
            self.source.fault(path, "shape", f"'{path[-1]}' holds the translated texts by field")
        fields = dict(_fields(doc))
        for name in given:
            if name not in fields:
                self.source.fault((*path, name), "unknown-text", f"there is no text '{name}' to translate")
        update = {
            name: self._value(value, given.get(name), (*path, name), original.at(name))
            for name, value in fields.items()
        }
        return doc.model_copy(update=update) if update else doc

    def _value(self, value: Any, words: Value, path: Path, original: Original) -> Any:
        match value:
            case Doc():
                return self._doc(value, words, path, original)
            case str():
                return self._text(value, words, path, original)
            case [PromptDoc(), *_]:
                return self._prompts(value, words, path, original)
            case [Doc(), *_]:
                return self._named(value, words, path, original)
            case list():
                return self._texts(value, words, path, original)
            case dict():
                return self._by_name(value, words, path, original)
        return value

    def _missing(self, original: Original) -> None:
        place = ".".join(map(str, original.path))
        original.source.fault(
            original.path, "no-translation", f"'{place}' has no text in {FOLDER}{self.language}.yaml"
        )

    def _text(self, value: str, words: Value, path: Path, original: Original) -> str:
        if words is None:
            self._missing(original)
            return value
        if not isinstance(words, str):
            self.source.fault(path, "bad-value", f"'{path[-1]}': write a text here")
            return value
        return words

    def _texts(self, value: list[str], words: Value, path: Path, original: Original) -> list[str]:
        if words is None:
            if value:
                self._missing(original)
            return value
        texts = [words] if isinstance(words, str) else words
        if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
            self.source.fault(path, "bad-value", f"'{path[-1]}': write a text or a list of texts here")
            return value
        return [str(text) for text in texts]

    def _prompts(
        self, value: Sequence[PromptDoc], words: Value, path: Path, original: Original
    ) -> list[PromptDoc]:
        """Translate the wordings of a prompt; one text alone stands for all of them."""
        if words is None:
            self._missing(original)
            return list(value)
        given = words if isinstance(words, list) else [words]
        made = []
        for number, prompt in enumerate(value):
            one = given[number] if number < len(given) else given[-1] if given else None
            text = {"text": one} if isinstance(one, str) else one
            try:
                update = PromptDoc.model_validate(text)
            except ValidationError:
                self.source.fault(path, "bad-value", f"'{path[-1]}': write a text, or text and short")
                return list(value)
            made.append(prompt.model_copy(update={"text": update.text, "short": update.short}))
        return made

    def _named(self, docs: Sequence[Doc], words: Value, path: Path, original: Original) -> list[Doc]:
        """Translate documents of a list, by their place in it or by one of their names."""
        names = [_names(doc, number) for number, doc in enumerate(docs)]
        given = dict(enumerate(words)) if isinstance(words, list) else {}
        for name, one in words.items() if isinstance(words, dict) else ():
            place = next((n for n, known in enumerate(names) if name in known), None)
            if place is None:
                self.source.fault((*path, name), "unknown-text", f"there is no '{name}' to translate")
            else:
                given[place] = one
                names[place] = (name,)
        return [
            self._doc(doc, given.get(number), (*path, names[number][0]), original.at(number))
            for number, doc in enumerate(docs)
        ]

    def _by_name(
        self, values: dict[str, Any], words: Value, path: Path, original: Original
    ) -> dict[str, Any]:
        given = words if isinstance(words, dict) else {}
        for name in given:
            if name not in values:
                self.source.fault((*path, name), "unknown-text", f"there is no '{name}' to translate")
        return {
            name: self._value(value, given.get(name), (*path, name), original.at(name))
            for name, value in values.items()
        }


def _fields(doc: Doc) -> Iterator[tuple[str, Any]]:
    """Yield the fields of a document that hold texts, or documents that have some."""
    for name in doc.texts:
        value = getattr(doc, name)
        if value is not None and (not isinstance(value, list | dict) or value):
            yield name, value


def _names(doc: Doc, number: int) -> tuple[str, ...]:
    """Return what a document of a list may be called in a translation."""
    match doc:
        case ChoiceDoc():
            return tuple(filter(None, (doc.key, *doc.intents, *doc.phrases))) or (str(number + 1),)
        case RuleDoc():
            return (str(number + 1),)
        case _:
            return (str(number),)
