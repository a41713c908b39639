"""A registry behind a real socket, in Confluent's manner, that counts what it is asked."""

import json
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

Answer = tuple[int, object]


class _Quiet(ThreadingHTTPServer):
    """Says nothing of clients that hang up."""

    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        pass


class Server:
    """Subjects by name, each with its versions' schema ids; what is soft-deleted is apart."""

    def __init__(self) -> None:
        self.subjects: dict[str, dict[int, int]] = {}
        self.deleted: set[tuple[str, int]] = set()
        self.rules: dict[str, str] = {}
        self.rule = "BACKWARD"
        self.mode = "READWRITE"
        self.fixed: dict[str, tuple[int, str]] = {}
        """Path -> status and body, before all else."""
        self.asked: list[str] = []
        self.headers: list[str] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1  # one packet for an answer

            def do_GET(self) -> None:
                server.asked.append(self.path)
                server.headers.append(self.headers.get("Authorization", ""))
                status, text = server.answer(self.path)
                body = text.encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._http = _Quiet(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._http.server_port}"
        threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()

    def fill(self, count: int) -> None:
        """So many subjects with one version each."""
        for number in range(count):
            self.subjects[f"topic-{number:05}-value"] = {1: number + 1}

    def add(self, subject: str, schema_id: int) -> None:
        """The subject has one more version."""
        versions = self.subjects.setdefault(subject, {})
        versions[max(versions, default=0) + 1] = schema_id

    def kinds(self) -> Counter[str]:
        """How often each kind of call was asked for; then it begins anew."""
        found = Counter(path.split("/")[1].split("?")[0] for path in self.asked)
        self.asked.clear()
        return found

    def answer(self, path: str) -> tuple[int, str]:
        if path in self.fixed:
            return self.fixed[path]
        status, value = self._found(path)
        return status, json.dumps(value)

    def _found(self, path: str) -> Answer:
        parts = urlsplit(path)
        also = parse_qs(parts.query).get("deleted") == ["true"]
        match [unquote(one) for one in parts.path.strip("/").split("/")]:
            case ["subjects"]:
                return 200, [name for name in self.subjects if also or self._active(name)]
            case ["config"]:
                return 200, {"compatibilityLevel": self.rule}
            case ["mode"]:
                return 200, {"mode": self.mode}
            case ["config", name]:
                rule = self.rules.get(name)
                return (200, {"compatibilityLevel": rule}) if rule else _missing(40408)
            case ["mode", _]:
                return _missing(40409)
            case ["schemas", "ids", wanted, "versions"]:
                return self._users(int(wanted))
            case ["subjects", name, "versions"]:
                shown = list(self.subjects.get(name, ())) if also else self._active(name)
                return (200, shown) if shown else _missing(40401)
            case ["subjects", name, "versions", number]:
                return self._version(name, int(number), also=also)
        return 404, {"error_code": 404, "message": "HTTP 404 Not Found"}

    def _active(self, name: str) -> list[int]:
        return [one for one in self.subjects.get(name, ()) if (name, one) not in self.deleted]

    def _users(self, wanted: int) -> Answer:
        uses = [
            {"subject": name, "version": number}
            for name, versions in self.subjects.items()
            for number, one in versions.items()
            if one == wanted
        ]
        return (200, uses) if uses else _missing(40403)

    def _version(self, name: str, number: int, *, also: bool) -> Answer:
        found = self.subjects.get(name, {}).get(number)
        if found is None or (not also and (name, number) in self.deleted):
            return _missing(40402)
        text = json.dumps({"type": "string", "doc": str(found)})
        return 200, {"subject": name, "version": number, "id": found, "schema": text}


def _missing(code: int) -> Answer:
    return 404, {"error_code": code, "message": "not found"}
