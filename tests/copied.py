"""A site with a copy of each kind, for the tests to break: elsewhere, locked, unplugged."""

from __future__ import annotations

from orchestrator.core import policy

PROVIDER = """\
provider: {name: P, timezone: Europe/Paris}
channels: {hook: {webhook: {url: "https://example.net/"}}}
escalation: {wake: [{notify: [hook]}]}
tiers: {gold: {retention: {last: 3, hourly: 24}, verify: {read_all_within: 30d}}}
defaults: {escalate: {P1: wake, P3: wake}}
"""
SITE = """\
site: acme
tier: gold
equipment: {srv: {kind: server}, nas: {kind: nas}}
repositories:
  near: {url: /mnt/nas, password: {env: PW}, location: onsite, equipment: nas}
  far:
    url: s3:https://s3.example.net/acme
    password: {env: PW}
    location: offsite
    immutable: {mode: compliance, for: 30d}
    certified: {hds: "certificat 123, jusqu'au 2027-03", iso27001: oui}
  disk:
    url: /mnt/usb
    password: {env: PW}
    location: offsite
    offline: {rotation: 1w}
  host: {url: "rest:https://far/", password: {env: PW}, location: offsite, append_only: true}
services:
  files:
    criticality: P1
    source: {files: {paths: [/srv]}, equipment: srv}
    objectives: {rto: 4h, rpo: 1h}
    backup: {to: near, copy_to: [far, disk], every: 15m}
retention: {daily: 14, hourly: 0}
"""


def check(*changes: tuple[str, str]) -> policy.Checked:
    text = SITE
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    return policy.check({"provider.yaml": PROVIDER, "acme.yaml": text})
