"""Messages as files of a folder, where no provider is set: what would have been sent can be read there."""

import json
from datetime import datetime
from pathlib import Path

from ivr.errors import Unavailable
from ivr.ports import Letter


class FileSink:
    """Writes each message into a file of its name; the same message again is the same file."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def send(self, id: str, letter: Letter) -> str:
        """Write the file, as a whole."""
        data = {
            "channel": letter.channel,
            "to": letter.to,
            "subject": letter.subject,
            "text": letter.text,
            "template": letter.template,
        }
        path = self._path(id)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            part = path.with_suffix(".part")
            part.write_text(json.dumps(data, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
            part.replace(path)
        except OSError as error:
            raise Unavailable(f"{self._folder} cannot be written: {error.strerror}") from error
        return path.name

    def find(self, id: str, letter: Letter, since: datetime) -> str | None:
        """Return the file's name if it is there."""
        return self._path(id).name if self._path(id).exists() else ""

    def _path(self, id: str) -> Path:
        return self._folder / f"{id}.json"
