from __future__ import annotations

import pytest

from orchestrator.core.policy import address

CLEAR = "write https://: what is broken at a client is nobody else's to read"


@pytest.mark.parametrize(
    "url",
    [
        "https://example.net/hook/{site}",
        "https://{site}.example.net:8443/x?y=z",
        "http://127.0.0.1:9000/hook",
        "http://[::1]/hook",
        "http://localhost/hook",
    ],
)
def test_a_hook_is_reached_by_tls_or_on_this_machine(url: str) -> None:
    assert url == address.web(url)


@pytest.mark.parametrize(
    ("url", "remedy"),
    [
        ("http://example.net/hook", CLEAR),
        ("http://192.168.1.5/hook", CLEAR),
        ("http://localhost.example.net/hook", CLEAR),
        ("ftp://example.net/", "write https://host/path"),
        ("https://", "write https://host/path"),
        ("https://[::1", "write https://host/path"),
        ("https://example.net:port/", "write https://host/path"),
        ("hook", "write https://host/path"),
        (
            "https://user:hunter2@example.net/",
            "keep users and passwords out of it: secret: takes a reference",
        ),
        (
            "https://hunter2@example.net/",
            "keep users and passwords out of it: secret: takes a reference",
        ),
    ],
)
def test_another_hook_is_refused_with_what_to_write(url: str, remedy: str) -> None:
    with pytest.raises(ValueError, match=r"^(write|keep)") as caught:
        address.web(url)

    assert remedy == str(caught.value)


@pytest.mark.parametrize(
    ("host", "here"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("localhost", True),
        ("10.0.0.1", False),
        ("mail.example.net", False),
    ],
)
def test_loopback_is_this_machine(host: str, here: bool) -> None:  # noqa: FBT001 - a truth table
    assert here == address.is_loopback(host)


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("s3:https://s3.example.net/bucket/path", "s3.example.net"),
        ("s3:http://127.0.0.1:8333/bucket", "127.0.0.1:8333"),
        ("s3:s3.example.net/bucket", "s3.example.net"),
        ("sftp:user@nas.example.net:/volume/restic", "nas.example.net"),
        ("rest:https://rest.example.net:8000/acme/", "rest.example.net:8000"),
        ("/mnt/nas/restic", ""),
    ],
)
def test_the_endpoint_behind_a_repository(url: str, host: str) -> None:
    assert host == address.endpoint(url)


@pytest.mark.parametrize(
    "url", ["s3:foo", "s3:https://s3.example.net", "s3:https://s3.example.net/"]
)
def test_s3_without_a_bucket_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="it names no bucket"):
        address.repository(url)
