"""Single checks of an examination, on values that a real site seldom has."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from orchestrator.app import App
from orchestrator.core.cron import read
from orchestrator.core.diagnosis import Finding, Fine, diagnosis
from orchestrator.core.fold import fold
from orchestrator.core.policy.model import DrillPlan, Provider, Secret
from orchestrator.core.policy.oncall import Rule, Smtp, Webhook
from orchestrator.errors import StateUnusable
from orchestrator.jobs.checkup import machine, promises, repositories, room, secrets, sources
from orchestrator.jobs.checkup.ground import Ground
from orchestrator.jobs.doctor import examine
from orchestrator.log import DaemonLock
from restore_drills.model import Scenario, Severity
from restore_drills.process import Processes
from tests.builders import sealed
from tests.policies import service, site
from tests.records import NOW, backed_up, recorded

if TYPE_CHECKING:
    from pathlib import Path

    from orchestrator.core.events import Event
    from orchestrator.core.policy.model import Site
    from orchestrator.jobs.checkup.ground import Check
    from restore_drills.model import Snapshot

QUARTER = timedelta(minutes=15)
HOOK = Webhook(url="https://nobody.invalid/hook", secret=None)
MAIL = Smtp(
    host="127.0.0.1",
    port=25,
    sender="pra@example.net",
    to=("oncall@example.net",),
    tls="none",
    user=None,
    password=Secret(kind="env", value=("NOBODY_SET_THIS",)),
    ca=None,
)
PROVIDER = Provider(
    name="Example IT",
    language="en",
    timezone="Europe/Paris",
    contact=None,
    channels={"hook": HOOK, "mail": MAIL},
    escalate={"P1": Rule(chain="wake")},
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "policies").mkdir()
    (tmp_path / "state").mkdir(mode=0o700)
    return tmp_path


def asked(check: Check, folder: Path, of: Site, *facts: Event, **ground: Any) -> dict[str, Finding]:  # noqa: ANN401 - as Ground
    """What a check finds, by its code; what is fine is under that word."""
    app = App(policies_dir=folder / "policies", state=folder / "state", clock=lambda: NOW)
    stood = Ground(
        app=app,
        sites=(of,),
        state=fold(recorded(*facts)),
        place="here",
        processes=Processes("the-tests"),
        **ground,
    )
    return {"fine" if isinstance(one, Fine) else one.code: one for one in check(stood)}  # type: ignore[misc]


def test_a_schedule_that_holds_the_promise_only_on_paper_is_told_from_what_backups_took(
    folder: Path,
) -> None:
    often = site(service(every=QUARTER))
    slow = replace(backed_up("r1"), seconds=1200.0)

    assert ["fine"] == list(asked(promises.losses, folder, often, backed_up("r1")))
    found = asked(promises.losses, folder, often, slow)["rpo-out-of-reach"]
    assert (
        "up to 15 min lie between two backups, and one takes 20 min: "
        "the promise of 30 min cannot be held" == found.message
    )


def test_a_cron_is_judged_by_its_longest_night(folder: Path) -> None:
    office = site(service(cron=read("*/15 8-18 * * 1-5")))

    assert {} == asked(promises.losses, folder, office)  # a warning of the policy says it already


def test_who_is_called_by_nobody_is_told(folder: Path) -> None:
    unheard = site(service(), service("share", criticality="P2"), provider=PROVIDER)

    found = asked(promises.unheard, folder, unheard)["nobody-called"]
    assert "nobody is called when something of P2 breaks" == found.message
    assert {} == asked(promises.unheard, folder, site(provider=PROVIDER))


def test_a_page_that_anybody_could_make_up_is_told(folder: Path) -> None:
    found = asked(promises.unsigned, folder, site(provider=PROVIDER))

    assert "channel hook" == found["channel-unsigned"].subject


def test_a_channel_without_an_address_is_an_error(folder: Path) -> None:
    found = asked(promises.channels, folder, site(provider=PROVIDER))

    assert "nobody.invalid has no address" in found["channel-unknown"].message
    assert "channel mail" == found["fine"].subject


def test_the_secret_of_a_channel_stops_neither_backup_nor_drill(folder: Path) -> None:
    of = site(provider=PROVIDER, repositories={})

    found = asked(secrets.secrets, folder, of)["secret-missing"]

    assert ("channel mail", frozenset()) == (found.subject, found.stops)


def test_a_credential_of_the_service_is_not_missed_by_hand(folder: Path) -> None:
    of = site()
    password = Secret(kind="credential", value=("restic",))
    offsite = replace(of.repositories["offsite"], password=password)

    found = asked(secrets.secrets, folder, replace(of, repositories={"offsite": offsite}))

    assert Severity.INFO is found["secret-unseen"].severity


def test_a_password_store_is_not_asked_when_it_must_be_quick(folder: Path) -> None:
    of = site()
    password = Secret(kind="command", value=("sleep", "60"))
    offsite = replace(of.repositories["offsite"], password=password)

    assert {} == asked(secrets.quick_secrets, folder, replace(of, repositories={"o": offsite}))


@pytest.mark.parametrize(
    ("ahead", "code"),
    [(0, "fine"), (59, "fine"), (61, "clock-skewed"), (-899, "clock-skewed"), (901, "clock-wrong")],
)
def test_a_clock_is_judged_by_what_the_storage_bears(ahead: int, code: str) -> None:
    said = repositories.clock("x", NOW, NOW + timedelta(seconds=ahead))

    assert code == ("fine" if isinstance(said, Fine) else said.code)


def test_a_drill_larger_than_the_policy_allows_is_told(folder: Path) -> None:
    def listed(size: int) -> dict[tuple[str, str], tuple[Snapshot, ...]]:
        points = [replace(one, bytes=size) for one in sealed()]
        return {("bakery", "offsite"): tuple(points)}

    tight = asked(room.room, folder, site(drill_space=1 << 30), listed=listed(1 << 30))
    wide = asked(room.room, folder, site(drill_space=1 << 30), listed=listed(1 << 20))
    huge = asked(room.room, folder, site(), listed=listed(1 << 60))

    assert ["drill-budget"] == list(tight)
    assert ["fine"] == list(wide)
    assert ["drill-space"] == list(huge)


def test_where_drills_belong_elsewhere_a_missing_sandbox_is_no_error(folder: Path) -> None:
    monthly = DrillPlan(
        name="monthly", cron=read("0 4 1 * *"), scenario=Scenario.SERVER_FAILURE, where="dc"
    )
    listed = {("bakery", "offsite"): tuple(replace(one, bytes=1 << 60) for one in sealed())}
    of = site(drills=(monthly,))

    found = asked(room.room, folder, of, listed=listed)["drill-space"]

    assert Severity.WARNING is found.severity
    assert not diagnosis([found]).drill_here


def test_a_daemon_that_gives_no_sign_of_life_is_told_from_one_that_watches(folder: Path) -> None:
    assert ["nobody-watches"] == list(asked(machine.daemon, folder, site()))
    with DaemonLock(folder / "state") as lock:
        assert ["fine"] == list(asked(machine.daemon, folder, site()))
        long_ago = time.time() - 3600
        os.utime(lock.path, (long_ago, long_ago))
        assert ["daemon-silent"] == list(asked(machine.daemon, folder, site()))


def test_a_database_that_is_not_there_stops_its_backup(folder: Path) -> None:
    found = asked(sources.databases, folder, site())["source-failed"]

    assert ("bakery/till", {"backup"}) == (found.subject, set(found.stops))
    assert "the database of bakery/till does not answer" == found.because


def test_a_state_folder_in_which_others_write_is_refused_at_once(folder: Path) -> None:
    (folder / "state").chmod(0o777)
    app = App(policies_dir=folder / "policies", state=folder / "state")

    with pytest.raises(StateUnusable, match="other users may write"):
        examine(app, [site()], "here")


def test_a_log_that_cannot_be_read_is_a_finding_and_the_rest_is_looked_at(folder: Path) -> None:
    (folder / "state" / "log.sqlite").write_bytes(b"no log at all" * 1000)
    (folder / "state" / "log.sqlite").chmod(0o600)
    app = App(policies_dir=folder / "policies", state=folder / "state")

    found = examine(app, [], "here")

    assert "log-unusable" in [one.code for one in found.findings]
    assert "sandbox" in [one.subject for one in found.fine]


def test_what_an_examination_that_was_killed_left_is_removed_by_the_next(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))
    base = folder / "pra"
    base.mkdir(mode=0o700)
    for run in ("doctor-4194999-acme-far", f"doctor-{os.getpid()}", "20261123T110253Z-abcdef"):
        (base / run).mkdir(mode=0o700)
    app = App(policies_dir=folder / "policies", state=folder / "state")

    examine(app, [], "here")

    left = sorted(one.name for one in base.iterdir())
    assert ["20261123T110253Z-abcdef", f"doctor-{os.getpid()}"] == left
