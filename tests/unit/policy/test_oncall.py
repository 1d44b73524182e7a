"""Who is called: channels, chains and the rules of each criticality."""

from __future__ import annotations

from datetime import timedelta

import pytest

from orchestrator.core import policy
from orchestrator.core.policy.model import Secret
from orchestrator.core.policy.oncall import Rule, Sla, Smtp, Step, Webhook

PROVIDER = """\
provider: {name: P, timezone: UTC}
channels:
  mail: {smtp: {host: mail.example.net, from: pra@example.net, to: [a@example.net, b@example.net]}}
  hook: {webhook: {url: "https://example.net/{site}", secret: {env: HOOK}}}
escalation:
  wake: [{notify: [hook]}, {notify: [mail, hook], after: 15m, repeat: 30m}]
  ticket: [{notify: [mail], after: 0m, hours: business}]
tiers: {gold: {escalate: {P1: wake}}}
defaults: {tier: gold}
"""
SITE = """\
site: acme
repositories: {far: {url: "rest:h/", password: {env: P}, location: offsite, append_only: true}}
services:
  files:
    source: {files: {paths: [/srv]}}
    objectives: {rto: 4h, rpo: 1h}
    backup: {every: 30m}
escalate: {P2: {wake: if-breach-before-opening, else: ticket}, P3: ticket}
sla: {P1: {response: 15m, resolution: 4h, clock: always}, P3: {response: 4h, resolution: 3d,
  clock: business}}
"""
SMTP = "{smtp: {host: mail.example.net, from: pra@example.net, to: [a@example.net, b@example.net]}}"


def check(provider: str = PROVIDER, site: str = SITE) -> policy.Checked:
    return policy.check({"provider.yaml": provider, "acme.yaml": site})


def faults(old: str, new: str) -> list[str]:
    """Break the one file of the two that holds the text."""
    assert (old in PROVIDER) != (old in SITE)
    checked = check(PROVIDER.replace(old, new, 1), SITE.replace(old, new, 1))
    return [str(fault) for fault in checked.errors]


def mail(words: str) -> Smtp:
    checked = check(
        PROVIDER.replace(SMTP, f"{{smtp: {{from: a@b.example, to: [c@d.example], {words}}}}}")
    )
    assert () == checked.errors
    assert checked.provider is not None
    channel = checked.provider.channels["mail"]
    assert isinstance(channel, Smtp)
    return channel


def test_the_provider_s_channels_and_chains_are_read() -> None:
    provider = check().provider

    assert provider is not None
    assert (
        Webhook(url="https://example.net/{site}", secret=Secret(kind="env", value=("HOOK",)))
        == (provider.channels["hook"])
    )
    assert (
        Smtp(
            host="mail.example.net",
            port=25,
            sender="pra@example.net",
            to=("a@example.net", "b@example.net"),
            tls="starttls",
            user=None,
            password=None,
            ca=None,
        )
        == provider.channels["mail"]
    )
    assert (
        Step(notify=("hook",), after=timedelta(0), repeat=None, business=False),
        Step(
            notify=("mail", "hook"),
            after=timedelta(minutes=15),
            repeat=timedelta(minutes=30),
            business=False,
        ),
    ) == provider.escalation["wake"]
    assert provider.escalation["ticket"][0].business


def test_a_site_s_rules_and_contract_are_read() -> None:
    checked = check()
    site = checked.sites["acme"]

    assert () == checked.errors + checked.warnings
    assert {
        "P1": Rule(chain="wake"),
        "P2": Rule(chain="ticket", hurried="wake"),
        "P3": Rule(chain="ticket"),
    } == site.escalate
    assert (
        Sla(response=timedelta(hours=4), resolution=timedelta(days=3), business=True)
        == site.sla["P3"]
    )
    assert not site.sla["P1"].business
    assert checked.provider == site.provider


@pytest.mark.parametrize(
    ("words", "port", "tls"),
    [
        ("host: mail.example.net", 25, "starttls"),
        ("host: 127.0.0.1", 25, "none"),
        ("host: localhost", 25, "none"),
        ("host: mail.example.net, tls: tls", 465, "tls"),
        ("host: mail.example.net, tls: none", 25, "none"),
        ("host: mail.example.net, user: u, password: {env: PW}", 587, "starttls"),
        ("host: mail.example.net, user: u, password: {env: PW}, tls: tls", 465, "tls"),
        ("host: mail.example.net, user: u, password: {env: PW}, port: 2525", 2525, "starttls"),
        ("host: 127.0.0.1, user: u, password: {env: PW}, tls: none", 587, "none"),
    ],
)
def test_what_a_mail_server_is_not_said_to_be_is_taken_for(words: str, port: int, tls: str) -> None:
    channel = mail(words)

    assert (port, tls) == (channel.port, channel.tls)


def test_without_a_provider_s_file_or_with_a_faulty_one_there_is_no_provider() -> None:
    site = SITE.partition("escalate:")[0] + "timezone: UTC\n"

    assert None is policy.check({"acme.yaml": site}).provider
    assert None is check(PROVIDER.replace("timezone: UTC", "timezone: Mars")).provider


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        # channels
        (
            SMTP,
            "{pagerduty: {}}",
            "provider.yaml:3: channels.mail.pagerduty: arrives with a later ",
        ),
        (SMTP, "{apprise: {}}", "provider.yaml:3: channels.mail.apprise: arrives with a later ver"),
        (SMTP, "{healthchecks: {}}", "provider.yaml:3: channels.mail.healthchecks: arrives with "),
        (SMTP, "{}", "provider.yaml:3: channels.mail: one of webhook or smtp is missing"),
        ("from: pra@example.net, ", "", "provider.yaml:3: channels.mail.smtp: from is missing"),
        (
            "pra@example.net",
            "pra",
            'provider.yaml:3: channels.mail.smtp.from: "pra" is not a mail ad',
        ),
        (
            "from: pra@example.net",
            'from: "pra@example.net\\n"',
            "provider.yaml:3: channels.mail.smtp.from: ",
        ),
        (
            "[a@example.net, b@example.net]",
            "[]",
            "provider.yaml:3: channels.mail.smtp.to: the list is empty (write at least one)",
        ),
        (
            "host: mail.",
            "tls: ssl, host: mail.",
            'provider.yaml:3: channels.mail.smtp.tls: "ssl" is',
        ),
        (
            "host: mail.",
            "port: 0, host: mail.",
            "provider.yaml:3: channels.mail.smtp.port: 0 is out",
        ),
        (
            "host: mail.",
            "user: u, host: mail.",
            "provider.yaml:3: channels.mail.smtp: user without password (add password:, or remove ",
        ),
        (
            "host: mail.",
            "password: {env: P}, host: mail.",
            "provider.yaml:3: channels.mail.smtp: password without user (add user:, or remove pas",
        ),
        (
            "host: mail.",
            "user: u, password: {env: P}, tls: none, host: mail.",
            "provider.yaml:3: channels.mail.smtp.tls: the password would go out in the clear",
        ),
        (
            "https://example.net/{site}",
            "http://example.net/{site}",
            "provider.yaml:4: channels.hook.webhook.url: this is not a web address (write https://:",
        ),
        (
            "{env: HOOK}",
            "hunter2",
            "provider.yaml:4: channels.hook.webhook.secret: a literal where",
        ),
        # chains
        (
            "[{notify: [hook]}, ",
            "[{notify: [hok]}, ",
            'provider.yaml:6: escalation.wake[0].notify[0]: no channel is named "hok" (did you',
        ),
        (
            "[{notify: [hook]}, ",
            "[7, ",
            "provider.yaml:6: escalation.wake[0]: a map was expected, ",
        ),
        ("[{notify: [hook]}, ", "[{}, ", "provider.yaml:6: escalation.wake[0]: notify is missing"),
        (
            "repeat: 30m",
            "repeat: 0s",
            'provider.yaml:6: escalation.wake[1].repeat: "0s" is not a du',
        ),
        (
            "hours: business",
            "hours: day",
            'provider.yaml:7: escalation.ticket[0].hours: "day" is not',
        ),
        # rules
        (
            "{P1: wake}",
            "{P1: wak}",
            'provider.yaml:8: tiers.gold.escalate.P1: no escalation chain is named "wak" (did you ',
        ),
        (
            "P3: ticket",
            "P3: tickt",
            'acme.yaml:8: escalate.P3: no escalation chain is named "tickt"',
        ),
        ("P3: ticket", "P5: ticket", 'acme.yaml:8: escalate.P5: "P5" is not known here'),
        (
            "P3: ticket",
            "P3: [ticket]",
            "acme.yaml:8: escalate.P3: a name was expected, a list found",
        ),
        (
            "{wake: if",
            "{wak: if",
            'acme.yaml:8: escalate.P2.wak: no escalation chain is named "wak" (did you mean wake?)',
        ),
        (
            "else: ticket",
            "else: tickets",
            'acme.yaml:8: escalate.P2.else: no escalation chain is named "tickets" (did you mean ',
        ),
        (
            "before-opening",
            "late",
            "acme.yaml:8: escalate.P2: this does not choose between two cha",
        ),
        (
            ", else: ticket",
            "",
            "acme.yaml:8: escalate.P2: this does not choose between two chains (",
        ),
        (
            "else: ticket",
            "ticket: if-breach-before-opening",
            "acme.yaml:8: escalate.P2: this does not choose between two chains",
        ),
        ("else: ticket", "else: 7", "acme.yaml:8: escalate.P2.else: a name was expected, a number"),
        # the contract
        ("response: 15m, ", "", "acme.yaml:9: sla.P1: response is missing (add response:)"),
        (
            "clock: always",
            "clock: day",
            'acme.yaml:9: sla.P1.clock: "day" is not known here (write ',
        ),
    ],
)
def test_a_fault_says_where_what_and_what_to_do(old: str, new: str, fault: str) -> None:
    found = faults(old, new)

    assert any(line.startswith(fault) for line in found), found
    assert not any("hunter2" in line for line in found)


@pytest.mark.parametrize("damage", ["channels", "escalation"])
def test_what_hangs_on_a_faulty_key_is_not_a_fault_too(damage: str) -> None:
    misspelt = faults(f"{damage}:\n", f"{damage[:-1]}:\n")
    start = PROVIDER.index(f"{damage}:\n")
    rest = PROVIDER[start:].splitlines(keepends=True)
    others = [line for line in rest[1:] if not line.startswith("  ")]
    kept = rest[rest.index(others[0]) :]
    no_map = check(PROVIDER[:start] + f"{damage}: 7\n" + "".join(kept)).errors

    assert ["unknown key"] == [line.split(": ")[2].partition(" (")[0] for line in misspelt]
    assert ["a map was expected, a number found"] == [fault.message for fault in no_map]


def test_what_a_tier_gets_wrong_is_told_once_however_many_sites_stand_on_it() -> None:
    provider = PROVIDER.replace("{P1: wake}", "{P1: wak}")
    sites = {f"s{n}.yaml": SITE.replace("acme", f"s{n}") for n in range(3)}

    assert 1 == len(policy.check({"provider.yaml": provider, **sites}).errors)


def test_what_is_shown_of_the_provider_reads_back_as_the_same() -> None:
    with_all = PROVIDER.replace(
        "host: mail.example.net",
        "user: u, password: {env: P}, ca: /etc/ca.pem, host: mail.example.net",
    ).replace("timezone: UTC}", 'timezone: UTC, contact: {name: C, phone: "1"}}')
    provider = check(with_all).provider
    assert provider is not None
    shown = policy.as_yaml(policy.plain_provider(provider))

    again = policy.check({"provider.yaml": shown}).provider
    assert again is not None
    assert (provider.channels, provider.escalation, provider.contact) == (
        again.channels,
        again.escalation,
        again.contact,
    )


def test_what_is_shown_of_a_site_reads_back_as_the_same() -> None:
    site = check().sites["acme"]

    assert {"acme": site} == check(site=policy.as_yaml(policy.plain(site))).sites
