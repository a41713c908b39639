"""A small OAuth 2 server of the lab: client credentials against a signed token, nothing else.

``python -m headgate.lab.tokens FOLDER PORT`` serves the lab whose security files are in FOLDER.
Tokens are JSON Web Tokens (RFC 7519) signed with RS256, as Kafka's own validator checks them.
"""

import base64
import hmac
import http.server
import json
import sys
import time
import urllib.parse
from pathlib import Path
from typing import Any

from headgate.lab import parts, ports, security, state

PATH = "/token"
LIFE_S = 300
_KEY_ID = "lab"


def prepare(folder: Path, home: security.Home) -> state.Record:
    """Return how to start the server of a lab."""
    (port,) = ports.pick(1)
    return state.Record(
        name="tokens",
        kind=parts.Kind.WORKLOAD,
        argv=(sys.executable, "-m", __name__, str(home.folder), str(port)),
        log=folder / "logs" / "tokens.log",
        port=port,
        url=f"http://{ports.HOST}:{port}{PATH}",
    )


def make_keys(private: Path, public: Path) -> None:
    """Write a new signing key and the key set that checks it."""
    from cryptography.hazmat.primitives import serialization as forms
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65_537, key_size=2048)
    pem = key.private_bytes(forms.Encoding.PEM, forms.PrivateFormat.PKCS8, forms.NoEncryption())
    private.touch(mode=0o600)
    private.write_bytes(pem)
    numbers = key.public_key().public_numbers()
    entry = {
        "kty": "RSA",
        "use": "sig",
        "alg": "RS256",
        "kid": _KEY_ID,
        "n": _text(numbers.n.to_bytes(256, "big")),
        "e": _text(numbers.e.to_bytes(3, "big")),
    }
    public.write_text(json.dumps({"keys": [entry]}), encoding="utf-8")


def sign(private: Path, subject: str, *, life_s: float = LIFE_S) -> str:
    """A token for the subject that is good for so long from now on."""
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import padding, rsa

    now = int(time.time())
    claims = {
        "iss": "headgate-lab",
        "sub": subject,
        "aud": security.AUDIENCE,
        "scope": "kafka",
        "iat": now,
        "exp": now + int(life_s),
    }
    header = {"alg": "RS256", "typ": "JWT", "kid": _KEY_ID}
    body = ".".join(_text(json.dumps(part).encode()) for part in (header, claims))
    key = serialization.load_pem_private_key(private.read_bytes(), None)
    assert isinstance(key, rsa.RSAPrivateKey)  # noqa: S101 - made above
    return f"{body}.{_text(key.sign(body.encode(), padding.PKCS1v15(), hashes.SHA256()))}"


class Server(http.server.ThreadingHTTPServer):
    """Serves the lab of one folder; ``life_s`` bounds its tokens."""

    def __init__(self, home: security.Home, port: int, *, life_s: float = LIFE_S) -> None:
        """Listen; nothing is answered before ``serve_forever``."""
        self.home = home
        self.life_s = life_s
        self.issued = 0
        super().__init__((ports.HOST, port), _Handler)


class _Handler(http.server.BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        """Give a token to the reader or the admin with the right secret."""
        size = int(self.headers.get("Content-Length", 0))
        form = urllib.parse.parse_qs(self.rfile.read(size).decode())
        if self.path != PATH:
            self._tell(404, {"error": "not_found"})
        elif form.get("grant_type") != ["client_credentials"]:
            self._tell(400, {"error": "unsupported_grant_type"})
        elif (user := self._user(form)) is None:
            told = "the client id or secret is wrong"
            self._tell(401, {"error": "invalid_client", "error_description": told})
        else:
            self.server.issued += 1
            token = sign(self.server.home.token_key, user, life_s=self.server.life_s)
            self._tell(
                200,
                {
                    "access_token": token,
                    "token_type": "Bearer",
                    "expires_in": int(self.server.life_s),
                },
            )

    def _user(self, form: dict[str, list[str]]) -> str | None:
        """Who logs in, by HTTP Basic or in the form; None: nobody known."""
        scheme, _, given = self.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "basic":
            user, _, secret = base64.b64decode(given).decode().partition(":")
        else:
            user = form.get("client_id", [""])[0]
            secret = form.get("client_secret", [""])[0]
        if user not in (security.ADMIN, security.READER):
            return None
        right = hmac.compare_digest(secret.encode(), self.server.home.password(user).encode())
        return user if right else None

    def _tell(self, status: int, document: dict[str, Any]) -> None:
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: a line per token helps nobody."""


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


if __name__ == "__main__":
    Server(security.Home(folder=Path(sys.argv[1])), int(sys.argv[2])).serve_forever()
