"""An HTTP client for servers inside, and why it could not connect."""

import ssl

import httpx2

from headgate.ports import errors

SIGNER = "Give the file of the authority that signed it"
"""What to do about a certificate that is not trusted, where a file can be given."""


def opened(
    url: str,
    *,
    limits: httpx2.Limits,
    headers: dict[str, str],
    username: str = "",
    password: str = "",
    ca_file: str = "",
) -> httpx2.Client:
    """A client for one server, over a pool of connections; nothing is sent yet.

    No proxy and no .netrc of the environment is used: they are not for servers inside.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if url.startswith("https:"):
        context = ssl.create_default_context(cafile=ca_file or None)
    return httpx2.Client(
        auth=(username, password) if username else None,
        verify=context,
        trust_env=False,
        limits=limits,
        headers={"User-Agent": "headgate", **headers},
    )


def not_connected(
    error: httpx2.ConnectError, url: str, what: str, *, untrusted: str = SIGNER
) -> errors.PortError:
    """Why there is no connection to ``what`` at ``url``; ``untrusted``: what to do about a
    certificate whose signer is not known.
    """
    words = str(error)
    if "CERTIFICATE_VERIFY_FAILED" in words:
        return errors.Unreachable(
            f"the certificate of {url} is not trusted", where=url, next_step=untrusted
        )
    if "SSL" in words or "TLS" in words:
        return errors.Misunderstood(
            f"{url} does not speak TLS as expected",
            where=url,
            next_step="Check whether the address should begin with http://",
        )
    return errors.Unreachable(
        f"nothing listens at {url}",
        where=url,
        next_step=f"Check the address and that {what} runs there",
    )
