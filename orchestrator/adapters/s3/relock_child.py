"""The child's side of a relock: list what lives, look at each lock, extend what ends too soon."""

from __future__ import annotations

import threading
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from orchestrator.adapters.s3.lock_child import Lock, lock_of
from orchestrator.adapters.s3.place import THREADS
from orchestrator.core.locking import due

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Future

    from mypy_boto3_s3.type_defs import ObjectLockRetentionTypeDef

    from orchestrator.adapters.s3.place import Place

CONFIG = "config"
FOLDERS = ("data/", "index/", "snapshots/", "keys/")  # not locks/: those come and go
TOLD_EVERY = 500  # objects
GONE = frozenset({"NoSuchKey", "NoSuchVersion", "MethodNotAllowed"})
BARE = frozenset({"NoSuchObjectLockConfiguration", "ObjectLockConfigurationNotFoundError"})
TOO_MANY, SERVER_FAULT = 429, 500
COMPLIANCE = "COMPLIANCE"


def run(
    place: Place, request: dict[str, Any], tell: Callable[[dict[str, Any]], None]
) -> dict[str, Any]:
    """Relock the whole place; the request and the answer are those of `relocking.py`."""
    lock = lock_of(place)
    relock = Relock(
        place=place,
        mode=request["mode"],
        period=timedelta(seconds=request["period_s"]),
        dry_run=request["dry_run"],
        default=lock.period if lock.mode in {COMPLIANCE, request["mode"]} else None,
        tell=tell,
        problems=[*problems(lock, request["mode"], timedelta(seconds=request["period_s"]))],
    )
    if lock.enabled is not False:
        relock.everything()
    return relock.answer()


def problems(lock: Lock, mode: str, period: timedelta) -> Iterator[str]:
    """Yield what makes the bucket's lock less than the policy says."""
    if lock.enabled is False:
        yield "the bucket has no Object Lock: nothing in it is immutable"
        return
    if lock.versioning is False:
        yield "versioning is off: what is overwritten is lost"
    if lock.enabled is None:
        yield "the key may not read the bucket's lock configuration: nobody knows what it says"
    elif lock.period is None:
        yield "the bucket locks no new object by itself: each waits for the next relock"
    elif lock.period < period:
        yield (
            f"the bucket locks new objects for {_days(lock.period)}, the policy says "
            f"{_days(period)}"
        )
    if lock.mode is not None and lock.mode != mode and mode == COMPLIANCE:
        yield "the bucket's lock mode is governance: whoever has the right to may end it early"


@dataclass(slots=True, kw_only=True)
class Relock:
    """One relock under way; the threads share it."""

    place: Place
    mode: str
    period: timedelta
    dry_run: bool
    default: timedelta | None  # what the bucket gives a new object, where that is good enough
    tell: Callable[[dict[str, Any]], None]
    problems: list[str]
    objects: int = 0
    extended: int = 0
    bare: int = 0
    least: tuple[datetime, str] | None = None
    weak: list[str] = field(default_factory=list)  # in governance mode: the first, and blanks
    stuck: list[str] = field(default_factory=list)  # not to be extended: the same
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _skew: timedelta = timedelta(0)  # of this machine's clock against the storage's

    def everything(self) -> None:
        """Look at all objects: `config` first, which fails at once where nothing can be done."""
        if not self._config():
            self.problems.append("there is no `config`: the repository was removed, or never made")
        slots = threading.BoundedSemaphore(4 * THREADS)
        failed = threading.Event()
        with ThreadPoolExecutor(THREADS) as threads:
            running: set[Future[None]] = set()

            def one(key: str, modified: datetime) -> None:
                try:
                    if not failed.is_set():
                        self.look(key, modified)
                except BaseException:
                    failed.set()
                    raise
                finally:
                    slots.release()

            for key, modified in self._listed():
                slots.acquire()
                if failed.is_set():
                    break
                running.add(threads.submit(one, key, modified))
                if len(running) > 8 * THREADS:
                    ended = {future for future in running if future.done()}
                    _raise(ended)
                    running -= ended
            wait(running, return_when=FIRST_EXCEPTION)
            _raise({future for future in running if future.done()})

    def look(self, key: str, modified: datetime | None) -> None:
        """Look at one object, and extend its lock where that is due."""
        now = self._now()
        given = modified + self.default if modified and self.default else None
        if given is not None and not due(given - now, self.period):
            self._seen(key, given)  # locked by the bucket itself, lately
            return
        try:
            mode, until = self._retention(key)
        except ClientError as error:
            if _code(error) in GONE:
                return
            _stands_in_the_way(error)
            self._stuck(key, error)
            self._seen(key, None)
            return
        weak = self.mode == COMPLIANCE and mode not in {None, COMPLIANCE}
        if until is not None and not weak and not due(until - now, self.period):
            self._seen(key, until)
            return
        self._seen(key, self._extended(key, mode, until, now), bare=until is None)

    def answer(self) -> dict[str, Any]:
        """Return what was found and done."""
        said = list(self.problems)
        if self.weak:
            count = _objects(len(self.weak))
            said.append(
                f"{count} locked in governance mode, which cannot be raised: {self.weak[0]}"
            )
        if self.stuck:
            count = _objects(len(self.stuck))
            said.append(f"{count} whose lock could not be extended: {self.stuck[0]}")
        return {
            "objects": self.objects,
            "extended": self.extended,
            "bare": self.bare,
            "least_until": self.least[0].isoformat() if self.least else None,
            "least_key": self.least[1] if self.least else "",
            "problems": said,
        }

    def _config(self) -> bool:
        before = self.objects
        self.look(CONFIG, None)
        return self.objects > before

    def _listed(self) -> Iterator[tuple[str, datetime]]:
        pages = self.place.client.get_paginator("list_objects_v2")
        for folder in FOLDERS:
            for page in pages.paginate(Bucket=self.place.bucket, Prefix=self.place.prefix + folder):
                self._set_clock(page["ResponseMetadata"]["HTTPHeaders"].get("date"))
                for entry in page.get("Contents", ()):
                    key = entry["Key"].removeprefix(self.place.prefix)
                    yield key, entry["LastModified"].astimezone(UTC)

    def _retention(self, key: str) -> tuple[str | None, datetime | None]:
        try:
            found = self.place.client.get_object_retention(
                Bucket=self.place.bucket, Key=self.place.prefix + key
            ).get("Retention", {})
        except ClientError as error:
            if _code(error) in BARE:
                return None, None
            raise
        until = found.get("RetainUntilDate")
        return found.get("Mode"), until.astimezone(UTC) if until else None

    def _extended(
        self, key: str, mode: str | None, until: datetime | None, now: datetime
    ) -> datetime | None:
        """Extend a lock; return when it ends then, None when there is none."""
        wanted = max(_whole(now + self.period), until or now)
        try:
            stronger = COMPLIANCE if COMPLIANCE in {mode, self.mode} else self.mode
            self._put(key, stronger, wanted)
        except ClientError as error:
            _stands_in_the_way(error)
            if mode in {None, stronger}:
                self._stuck(key, error)
                return until
        else:
            with self._lock:
                self.extended += 1
            return until if self.dry_run else wanted
        return self._weak(key, str(mode), until, now)

    def _weak(self, key: str, mode: str, until: datetime | None, now: datetime) -> datetime | None:
        """Extend a lock that cannot be raised to the policy's mode in its own."""
        with self._lock:
            self.weak.append("" if self.weak else key)
        if until is not None and not due(until - now, self.period):
            return until
        try:
            self._put(key, mode, _whole(now + self.period))
        except ClientError as error:
            _stands_in_the_way(error)
            self._stuck(key, error)
            return until
        with self._lock:
            self.extended += 1
        return _whole(now + self.period)

    def _put(self, key: str, mode: str, until: datetime) -> None:
        if self.dry_run:
            return
        retention: ObjectLockRetentionTypeDef = {
            "Mode": "COMPLIANCE" if mode == COMPLIANCE else "GOVERNANCE",
            "RetainUntilDate": until,
        }
        self.place.client.put_object_retention(
            Bucket=self.place.bucket, Key=self.place.prefix + key, Retention=retention
        )

    def _stuck(self, key: str, error: ClientError) -> None:
        with self._lock:
            first = f"{key}: {error.operation_name}: {_code(error)}"
            self.stuck.append("" if self.stuck else first)

    def _seen(self, key: str, until: datetime | None, *, bare: bool = False) -> None:
        """Count an object; now and then, tell how many there were."""
        with self._lock:
            self.objects += 1
            self.bare += bare
            if until is not None and (self.least is None or until < self.least[0]):
                self.least = until, key
            if self.objects % TOLD_EVERY:
                return
            said = {"objects": self.objects, "extended": self.extended}
        self.tell(said)

    def _set_clock(self, date: str | None) -> None:
        try:
            there = parsedate_to_datetime(date or "").astimezone(UTC)
        except ValueError:
            return
        self._skew = there - datetime.now(UTC)

    def _now(self) -> datetime:
        """Return the storage's time: it is the one that ends a lock."""
        return datetime.now(UTC) + self._skew


def _whole(at: datetime) -> datetime:
    """Return the next whole second: a lock knows no parts of it."""
    return at.replace(microsecond=0) + timedelta(seconds=1)


def _raise(ended: set[Future[None]]) -> None:
    for future in ended:
        future.result()


def _stands_in_the_way(error: ClientError) -> None:
    """Raise what is wrong with the storage, and not with one object."""
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    if status >= SERVER_FAULT or status == TOO_MANY:
        raise error


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", "unknown"))


def _objects(count: int) -> str:
    return f"{count} object{'' if count == 1 else 's'}"


def _days(period: timedelta) -> str:
    days = period / timedelta(days=1)
    return (
        f"{days:g} day{'' if days == 1 else 's'}" if days >= 1 else f"{period.total_seconds():g} s"
    )
