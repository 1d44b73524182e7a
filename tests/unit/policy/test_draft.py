from __future__ import annotations

from dataclasses import replace

import pytest

from orchestrator.core import policy
from orchestrator.core.policy.draft import Answers, Database, draft, slug

TILL = Database(name="Till 2", host="127.0.0.1", port=5432, user="pra", password="env:DBPW")
ANSWERS = Answers(
    site="acme",
    name='Acme: "the best"',
    timezone="Europe/Paris",
    url="s3:https://s3.example.net/acme",
    password="file:/run/secrets/acme",
    s3=("env:KEY", "credential:s3"),
    offsite=True,
    paths=("/srv/a b", "/home"),
    databases=(replace(TILL, name="till"), replace(TILL, name="stock", password=None)),
    rto="4h",
    rpo="1d",
)


@pytest.mark.parametrize(
    "answers",
    [
        ANSWERS,
        replace(ANSWERS, paths=(), s3=None),
        replace(ANSWERS, databases=()),
        replace(ANSWERS, url="/mnt/usb/restic", s3=None, offsite=False),
    ],
    ids=["all", "databases", "files", "onsite"],
)
def test_what_is_written_passes_the_check(answers: Answers) -> None:
    checked = policy.check({"acme.yaml": draft(answers)})

    assert () == checked.errors
    site = checked.sites["acme"]
    assert 'Acme: "the best"' == site.name
    assert len(answers.databases) + bool(answers.paths) == len(site.services)
    assert ["weekly"] == [drill.name for drill in site.drills or ()]
    assert all("rpo" not in fault.message for fault in checked.warnings)
    assert all("never backed up" not in fault.message for fault in checked.warnings)
    assert all("no check" not in fault.message for fault in checked.warnings)


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("s3:https://s3.example.net/acme", "immutable: "),
        ("rest:https://backup.example.net/acme", "append_only: "),
        ("/mnt/usb/restic", "offline: "),
    ],
)
def test_what_is_offered_in_a_comment_passes_the_check_as_well(url: str, kept: str) -> None:
    text = draft(replace(ANSWERS, url=url, s3=None))
    for key in (kept, "retention: ", "verify: "):
        assert f"# {key}" in text
        text = text.replace(f"# {key}", key)
    before = policy.check({"acme.yaml": draft(replace(ANSWERS, url=url, s3=None))})
    after = policy.check({"acme.yaml": text})

    assert () == after.errors
    assert ["repositories.offsite"] == [
        fault.path for fault in before.warnings if "can delete every copy" in fault.message
    ]
    assert [] == [fault for fault in after.warnings if "can delete every copy" in fault.message]


def test_where_the_provider_has_a_time_zone_the_site_says_none() -> None:
    text = draft(replace(ANSWERS, timezone=None))
    provider = "provider: {name: P, timezone: Europe/Berlin}"

    assert "timezone:" not in text
    checked = policy.check({"provider.yaml": provider, "acme.yaml": text})
    assert "Europe/Berlin" == checked.sites["acme"].timezone


def test_an_absolute_path_where_a_secret_belongs_is_its_file() -> None:
    text = draft(replace(ANSWERS, s3=("/run/key", "file:/run/secret")))

    assert 's3: {access_key: {file: "/run/key"}, secret_key: {file: "/run/secret"}}' in text


def test_a_literal_where_a_reference_belongs_is_refused_unprinted() -> None:
    with pytest.raises(ValueError, match=r"^a secret is given as env:NAME, file:/path") as caught:
        draft(replace(ANSWERS, password="hunter2"))

    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "service"), [("Till 2", "till-2"), ("été", "t"), ("__", "database")]
)
def test_a_service_is_named_after_its_database(name: str, service: str) -> None:
    assert service == slug(name)


@pytest.mark.parametrize(
    ("rpo", "every"), [("1d", "12h"), ("1h", "30m"), ("1m", "1m"), ("5m", "2m"), ("a day", "1m")]
)
def test_a_backup_is_made_twice_within_the_rpo(rpo: str, every: str) -> None:
    assert f"backup: {{every: {every}}}" in draft(replace(ANSWERS, rpo=rpo))
