"""The object `js`: its script runs in Node, beside a model of a Live Set that it can act on."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

from tests.clients.max_interpreter.atoms import MaxError, Message
from tests.clients.max_interpreter.box import Box
from tests.clients.max_interpreter.host import PACKAGE

RUNNER = Path(__file__).parents[1] / "node" / "max_js.js"


class Script:
    """A script for `js` in a process of Node. options: see `LiveSet` in live_set.js."""

    def __init__(self, path: Path, **options: object) -> None:
        self._process = subprocess.Popen(
            ["node", str(RUNNER), str(path), json.dumps(options)], text=True, encoding="utf-8",
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip

    def ask(self, action: str, **values: object) -> list[dict[str, Any]]:
        """Do something and return the answers. Raises: MaxError: the script has a mistake."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps({"action": action, **values}) + "\n")
        self._process.stdin.flush()
        answers = []
        for line in self._process.stdout:
            answer = json.loads(line)
            if "error" in answer:
                raise MaxError(answer["error"])
            if "end" in answer:
                return answers
            answers.append(answer)
        raise MaxError("the script has ended")

    def send(self, selector: str, *args: int | float | str) -> list[str]:
        """Send the script a message and return what left its outlet, in words."""
        answers = self.ask("message", selector=selector, args=args)
        return [" ".join(map(str, answer["atoms"])) for answer in answers]

    def live_set(self) -> dict[str, Any]:
        """Return the state of the model of Live's set."""
        [answer] = self.ask("look")
        return dict(answer["set"])

    def calls(self) -> list[list[Any]]:
        """Return what the script called and set, each as path, function and arguments."""
        [answer] = self.ask("look")
        return list(answer["lines"])

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait(60)


class Js(Box):
    """`js FILE`: a script that lies in the patch's own folder, as Max finds it."""

    def set_up(self) -> None:
        """Find and start the script; without Node it stays silent, and tests of it are skipped."""
        [path] = PACKAGE.rglob(str(self.words[0]))
        self.script = Script(path) if shutil.which("node") else None

    def message(self, inlet: int, message: Message) -> None:
        """Call the script's function of that name, and send what it sends."""
        if self.script is None:
            return
        for answer in self.script.ask("message", selector=message.selector, args=message.args):
            self.send(answer["outlet"], *answer["atoms"])

    def close(self) -> None:
        """End the script."""
        if self.script is not None:
            self.script.close()


OBJECTS: dict[str, type[Box]] = {"js": Js}
