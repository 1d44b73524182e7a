"""The closed sets of words in which a drill is asked for and told."""

from __future__ import annotations

from enum import StrEnum


class Verdict(StrEnum):
    """The answer of a drill; of several, the first in this order wins."""

    REFUTED = "refuted"  # it ran, and the answer is no
    INCONCLUSIVE = "inconclusive"  # it could not run: this proves nothing
    PROVEN = "proven"  # restored, started, every mandatory check passed, in time


class Objective(StrEnum):
    """How the promise fares."""

    HELD = "held"
    MISSED = "missed"
    UNDECLARED = "undeclared"  # the delay before the recovery is not declared


class Label(StrEnum):
    """How sure a number is."""

    MEASURED = "measured"
    MEASURED_ELSEWHERE = "measured-elsewhere"
    PARTIAL = "partial"
    EXTRAPOLATED = "extrapolated"
    DECLARED = "declared"
    UNPROVEN = "unproven"


class Scenario(StrEnum):
    """What went wrong."""

    HUMAN_ERROR = "human-error"
    SERVER_FAILURE = "server-failure"
    BURGLARY = "burglary"
    RANSOMWARE = "ransomware"
    BUCKET_WIPE = "bucket-wipe"


class Status(StrEnum):
    """The outcome of one check."""

    PASS = "pass"  # noqa: S105 - a status, not a password
    FAIL = "fail"
    SKIP = "skip"


class Kind(StrEnum):
    """What a check questions."""

    SQL = "sql"
    FILES = "files"
    COMMAND = "command"
    SEAL = "seal"
    CONTENT = "content"


class Severity(StrEnum):
    """How much a finding matters."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


# How T0 is chosen; else at, or random-within-30d.
LATEST, FIRST_SUSPECTED = "latest", "first-suspected"


class LeadBasis(StrEnum):
    """Where a lead comes from."""

    OBSERVED = "observed"
    DECLARED = "declared"
    UNKNOWN = "unknown"
