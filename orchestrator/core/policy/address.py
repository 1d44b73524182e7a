"""Addresses of repositories, hooks and hosts: accepted as they are written, or ValueError."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit

REPOSITORY = "write /path, s3:https://host/bucket/path, sftp:user@host:/path or rest:https://host/"


def repository(text: str) -> str:
    """Read what restic reaches, without a password inside it."""
    scheme, _, rest = text.partition(":")
    if scheme in {"s3", "sftp", "rest"}:
        place = rest.partition("://")[2] or rest
        before, at, _ = place.partition("@")
        if at and (":" in before or (scheme != "sftp" and "/" not in before)):
            raise ValueError(
                "keep users and passwords out of it: password: and s3: take references"
            )
        host, _, bucket = place.partition("/")
        if scheme == "s3" and not (host and bucket.strip("/")):
            raise ValueError("write s3:https://host/bucket/path: it names no bucket")
    elif not text.startswith("/"):
        raise ValueError(REPOSITORY)
    return text


def endpoint(text: str) -> str:
    """Return the host, with its port, behind a repository's address; empty for a local path."""
    scheme, _, rest = text.partition(":")
    if scheme not in {"s3", "sftp", "rest"}:
        return ""
    place = (rest.partition("://")[2] or rest).partition("/")[0]
    return place.rpartition("@")[2].rstrip(":")


def web(text: str) -> str:
    """Read the address of a web hook: TLS, but on this machine; no password in it."""
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise ValueError("write https://host/path") from None
    if parts.scheme not in {"http", "https"} or not host:
        raise ValueError("write https://host/path")
    if parts.username is not None or parts.password is not None:
        raise ValueError("keep users and passwords out of it: secret: takes a reference")
    if parts.scheme == "http" and not is_loopback(host):
        raise ValueError("write https://: what is broken at a client is nobody else's to read")
    return text


def is_loopback(host: str) -> bool:
    """Whether a host's name or address means this machine."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host in {"localhost", "localhost.localdomain"}
