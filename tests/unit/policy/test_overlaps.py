from __future__ import annotations

import pytest

from orchestrator.core import policy

SITE = """\
site: acme
timezone: UTC
repositories: {far: {url: "s3:https://s3.example.net/acme", password: {env: PW}, location: offsite}}
services:
  share:
    sources:
      one: {files: {paths: [/srv], exclude: [EXCLUDED]}}
      two: {files: {paths: [PATH]}}
    objectives: {rto: 4h, rpo: 1h}
"""


def errors(path: str, excluded: str = "*.tmp") -> list[str]:
    text = SITE.replace("PATH", path).replace("EXCLUDED", f'"{excluded}"')
    return [str(fault) for fault in policy.check({"acme.yaml": text}).errors]


@pytest.mark.parametrize("path", ["/srv", "/srv/photos", "/srv/a/../b"])
def test_two_sources_of_a_service_do_not_save_one_path(path: str) -> None:
    (error,) = errors(path)

    assert "is saved by the source one as well (leave it to one of them" in error


@pytest.mark.parametrize(("path", "excluded"), [("/srv2", "*.tmp"), ("/srv/photos", "/srv/photos")])
def test_paths_apart_or_excluded_are_fine(path: str, excluded: str) -> None:
    assert [] == errors(path, excluded)
