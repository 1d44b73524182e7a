"""What puts a policy to work that was found with a kit."""

from __future__ import annotations

from orchestrator.core.policy import check
from orchestrator.core.recovering.policies import lines

SITE = """\
site: acme
name: Acme SARL
timezone: Europe/Paris
repositories:
  far:
    url: "s3:https://s3.example.net/acme"
    password: {file: /etc/pra/far}
    s3: {access_key: {env: FAR_ACCESS}, secret_key: {file: /etc/pra/secret}}
    location: offsite
services:
  caisse:
    source:
      postgresql: {host: db, user: pra, database: caisse, password: {file: /etc/pra/db}}
    objectives: {rto: 2d, rpo: 4h}
    backup: {to: far}
"""


def told(lang: str) -> list[str]:
    checked = check({"acme.yaml": SITE})
    assert "acme" in checked.sites, checked.errors
    return list(lines(checked.sites["acme"], checked.provider, "/back/the policies", lang))


def test_every_secret_is_named_with_where_the_kit_has_it() -> None:
    said = told("en")

    assert said[0].startswith("# this machine has no policy")
    assert "export 'PRA_POLICIES=/back/the policies'" == said[1]
    assert "#   far password, {file: /etc/pra/far}: the kit's page has it, under far" in said
    assert "#   far s3 access_key, {env: FAR_ACCESS}: the kit's page has it, under far" in said
    (own,) = [line for line in said if "/etc/pra/db" in line]
    assert "caisse" in own
    assert own.endswith("in no kit, set a new one")
    assert "pra policy check" == said[-1]


def test_it_is_said_in_french_too() -> None:
    said = told("fr")

    assert len(told("en")) == len(said)
    assert any(line.endswith("la page du kit l'a, sous far") for line in said)
