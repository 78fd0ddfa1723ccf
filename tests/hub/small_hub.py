"""A hub on loopback that serves folders as the Hugging Face hub does, and can misbehave."""

import hashlib
import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

REVISION = "0123456789abcdef0123456789abcdef01234567"


class SmallHub:
    """repositories: OWNER/NAME to a folder. cuts: times that a weights file is cut half-way.

    broken: answers 503 after the first cut. wrong: names of files whose published hash is wrong.
    gated: repositories that refuse. asked: what was asked for, with the Range header.
    """

    def __init__(self, url):
        self.url = url
        self.reset()

    def reset(self):
        self.repositories, self.gated, self.wrong = {}, set(), set()
        self.cuts, self.broken, self.asked = 0, False, []
        self.card = {"license": "mit"}

    def siblings(self, folder):
        for path in sorted(folder.rglob("*")):
            if path.is_dir():
                continue
            name, content = path.relative_to(folder).as_posix(), path.read_bytes()
            sha256 = hashlib.sha256(content).hexdigest()
            blob = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
            if name in self.wrong:
                sha256, blob = "0" * 64, "0" * 40
            entry = {"rfilename": name, "size": len(content), "blobId": blob}
            if path.suffix == ".safetensors":
                entry["lfs"] = {"sha256": sha256, "size": len(content), "pointerSize": 130}
            yield entry


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.0"

    def log_message(self, *_):
        pass

    def do_GET(self):
        hub = self.server.hub
        hub.asked.append((self.path, self.headers.get("Range", "")))
        path = self.path.partition("?")[0].lstrip("/")
        parts = path.split("/")
        if parts[:2] == ["api", "models"]:
            return self.model(hub, "/".join(parts[2:4]))
        if len(parts) > 4 and parts[2] == "resolve":
            return self.file(hub, "/".join(parts[:2]), "/".join(parts[4:]))
        return self.fail(404, "EntryNotFound")

    def model(self, hub, repository):
        if repository in hub.gated:
            return self.fail(403, "GatedRepo")
        if repository not in hub.repositories:
            return self.fail(404, "RepoNotFound")
        folder = hub.repositories[repository]
        text = json.dumps({
            "id": repository, "modelId": repository, "sha": REVISION, "private": False,
            "tags": ["license:mit"], "cardData": hub.card, "siblings": list(hub.siblings(folder)),
        }).encode()  # fmt: skip
        return self.answer(200, text, {"Content-Type": "application/json"})

    def file(self, hub, repository, name):
        path = Path(hub.repositories[repository]) / name
        content, start = path.read_bytes(), 0
        if wanted := self.headers.get("Range"):
            start = int(wanted.removeprefix("bytes=").split("-")[0])
        headers = {"Content-Length": str(len(content) - start)}
        if start:
            headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
        rest = content[start:]
        if path.suffix == ".safetensors":
            if hub.cuts:
                hub.cuts -= 1
                rest = rest[: len(rest) // 2]  # and the connection closes
            elif hub.broken:
                return self.fail(503, "")
        return self.answer(206 if start else 200, rest, headers)

    def fail(self, status, code):
        self.answer(status, b"{}", {"X-Error-Code": code, "Content-Length": "2"})

    def answer(self, status, content, headers):
        self.send_response(status)
        for key, value in headers.items():
            self.send_header(key, value)
        self.end_headers()
        self.wfile.write(content)


@contextmanager
def small_hub():
    """Run a hub; its `url` is for HF_ENDPOINT."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.hub = SmallHub(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server.hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
