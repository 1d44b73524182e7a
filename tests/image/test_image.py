"""The image of Dockerfile, built from nothing and run: as a NAS would, and where it refuses."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from orchestrator import __version__
from tests.image.shipped import UID, contained

if TYPE_CHECKING:
    from tests.image.shipped import Image, Site

# The life of a daemon, told by marks: sick before, well while it works, its end.
LIFE = """
pra daemon --healthy; echo "before $?"
pra daemon & daemon=$!
for _ in $(seq 60); do
    kill -0 $daemon || break
    pra events --json | grep -c {event} | grep -qx {count} && break
    sleep 2
done
pra daemon --healthy; echo "during $?"
kill -TERM $daemon
wait $daemon; echo "ended $?"
pra daemon --healthy; echo "after $?"
pra events --json | sed 's/^/event /'
"""
# As compose.yaml has it: the image's user, no capability, no way to get one.
AS_COMPOSE = ["setpriv", f"--reuid={UID}", f"--regid={UID}", "--clear-groups", "--no-new-privs"]
AS_COMPOSE += ["--inh-caps=-all", "--bounding-set=-all", "env"]
AS_COMPOSE += ["PRA_POLICIES=/etc/pra/policies", "PRA_STATE=/var/lib/pra", "HOME=/var/lib/pra"]


def marks(out: bytes) -> list[str]:
    """Return the marks of a life, in order."""
    words = ("before ", "during ", "ended ", "after ")
    return [line for line in out.decode().splitlines() if line.startswith(words)]


def events(out: bytes, kind: str) -> list[dict[str, Any]]:
    """Return the events of a kind that a life has left in the log."""
    told = [line[6:] for line in out.decode().splitlines() if line.startswith("event {")]
    return [event for event in map(json.loads, told) if event["type"] == kind]


def test_an_engine_is_told_all_that_it_needs(image: Image) -> None:
    config = image.config()

    assert ["tini", "-s", "--", "pra"] == config["Entrypoint"]
    assert ["daemon"] == config["Cmd"]
    assert "10001:10001" == config["User"]
    assert {"/var/lib/pra": {}} == config["Volumes"]
    assert ["CMD", "pra", "daemon", "--healthy"] == config["Healthcheck"]["Test"]


def test_the_image_has_what_a_drill_needs_and_nothing_to_build_with(
    image: Image, box: str, site: Site
) -> None:
    version = image.run(box, site, *image.config()["Entrypoint"], "--version")
    assert __version__ in version.stdout.decode(), version
    there = image.run(box, site, "sh", "-c", "id -u; which bwrap restic pg_dump setpriv")
    assert str(UID) == there.stdout.decode().split()[0]
    assert 5 == len(there.stdout.split()), there
    for name in ("gcc", "make", "pip", "git"):
        assert 0 != image.run(box, site, "sh", "-c", f"command -v {name}").code
    # Compiled at the build: the root file system may be read-only.
    packages = image.root(box) / "opt/pra/lib"
    assert list(packages.glob("python3*/site-packages/orchestrator/__pycache__/*.pyc"))


def test_where_user_namespaces_are_refused_it_backs_up_and_a_drill_says_why_not(
    image: Image, box: str, site: Site
) -> None:
    life = image.run(box, site, "sh", "-c", LIFE.format(event="pra.backup.finished", count="[2-9]"))
    assert ["before 1", "during 0", "ended 0", "after 1"] == marks(life.stdout), life
    backups = events(life.stdout, "pra.backup.finished")
    assert {"complete"} == {event["data"]["outcome"] for event in backups}, life

    drill = image.run(box, site, "pra", "drill", "acme", "--json")
    assert 4 == drill.code, drill
    report = json.loads(drill.stdout)
    assert "inconclusive" == report["verdict"]
    assert "nothing seals a drill here" in report["services"][0]["why"][0]
    assert "user namespaces" in report["services"][0]["why"][0]


def test_with_the_options_of_the_compose_file_its_daemon_backs_up_and_proves_it(
    image: Image, box: str, site: Site
) -> None:
    root = image.root(box)
    line = LIFE.format(event="pra.drill.finished", count="[1-9]")
    command = [*AS_COMPOSE, "tini", "-s", "--", "sh", "-c", line]

    life = image.call(
        contained(root, site.mounts, *command, env={"READ_ONLY": "1"}),
        timeout=timedelta(minutes=4),
    )

    assert ["before 1", "during 0", "ended 0", "after 1"] == marks(life.stdout), life
    (drill, *_) = events(life.stdout, "pra.drill.finished")
    assert "proven" == drill["data"]["verdict"], drill
    assert "bwrap-userns" == drill["data"]["document"]["sandbox"]["mechanism"]


@pytest.mark.parametrize("masked", ["/proc/sys", "/proc/keys"])
def test_where_an_engine_hides_parts_of_proc_a_drill_says_why_not(
    image: Image, box: str, site: Site, masked: str
) -> None:
    root = image.root(box)
    asked = "pra backup acme >/dev/null && pra drill acme --json"
    hide = f'mount --bind {masked} {masked} && mount -o remount,bind,ro {masked} && exec "$@"'
    command = ["sh", "-c", hide, "sh", *AS_COMPOSE, "sh", "-c", asked]

    drill = image.call(
        contained(root, site.mounts, *command), timeout=timedelta(minutes=2), accept=True
    )

    assert 4 == drill.code, drill
    assert "inconclusive" == json.loads(drill.stdout)["verdict"]
    assert "nothing seals a drill here" in drill.stdout.decode()
