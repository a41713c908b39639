"""An address is taken apart, so that no credentials are shown with it."""

import pytest

from headgate.web import address


@pytest.mark.parametrize(
    ("text", "url", "username", "password"),
    [
        ("http://connect:8083", "http://connect:8083", "", ""),
        (" http://connect:8083/ ", "http://connect:8083", "", ""),
        ("https://r/apis/ccompat/v7/", "https://r/apis/ccompat/v7", "", ""),
        ("https://mira:s%40crt@r:8081/x?a=b#c", "https://r:8081/x", "mira", "s@crt"),
        ("http://[::1]:8083", "http://[::1]:8083", "", ""),
    ],
)
def test_an_address_is_taken_apart(text: str, url: str, username: str, password: str) -> None:
    found = address.parsed(text)
    assert found == address.Address(url=url, username=username, password=password)
    assert not password or password not in repr(found)


@pytest.mark.parametrize(
    "text", ["", "connect:8083", "ftp://connect", "http://", "http://[::1", "x"]
)
def test_what_is_no_address(text: str) -> None:
    assert address.parsed(text) is None
