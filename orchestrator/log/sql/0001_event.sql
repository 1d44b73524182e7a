-- The log: immutable facts in the order in which they became true here.
-- `hash` is SHA-256 in hex over `prevhash` followed by the JSON array
--   [seq, id, at, type, site, service, run, cause, body]
-- without spaces, in UTF-8, `body` being the text as it stands in its column.
-- The first row's `prevhash` is 64 zeros.
CREATE TABLE event (
    seq      INTEGER PRIMARY KEY,
    id       TEXT NOT NULL UNIQUE,
    at       TEXT NOT NULL,
    type     TEXT NOT NULL,
    site     TEXT NOT NULL,
    service  TEXT NOT NULL,
    run      TEXT NOT NULL,
    cause    TEXT REFERENCES event (id),
    body     TEXT NOT NULL,
    prevhash TEXT NOT NULL,
    hash     TEXT NOT NULL
) STRICT;

CREATE TRIGGER event_is_never_changed BEFORE UPDATE ON event
BEGIN
    SELECT RAISE(ABORT, 'the log is append-only');
END;

CREATE TRIGGER event_is_never_removed BEFORE DELETE ON event
BEGIN
    SELECT RAISE(ABORT, 'the log is append-only');
END;

-- What may happen once: taken in the transaction of the event that took it.
-- A whole site has the service '': UNIQUE lets two NULLs pass.
CREATE TABLE slot (
    site    TEXT NOT NULL,
    service TEXT NOT NULL,
    kind    TEXT NOT NULL,
    slot    TEXT NOT NULL,
    event   TEXT NOT NULL REFERENCES event (id),
    PRIMARY KEY (site, service, kind, slot)
) STRICT, WITHOUT ROWID;
