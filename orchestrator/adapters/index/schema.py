"""How the index is laid out in SQLite."""

from __future__ import annotations

# Another number makes every index of before another schema's, and it is built anew.
VERSION = 1
APPLICATION = 0x70726166  # "praf"

# `points.seq` grows with the data time within a chain. A version is held by the points of its
# chain from `first` to before `until`; none: to the newest. A point may go without a trace: what
# only it held goes with it. `changed` is the newest version's time; NULL: no version is left.
TABLES = """
CREATE TABLE asked (
    service TEXT PRIMARY KEY, at TEXT NOT NULL, seq INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE chains (
    id INTEGER PRIMARY KEY, service TEXT NOT NULL, source TEXT NOT NULL, UNIQUE (service, source)
);
CREATE TABLE points (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    chain INTEGER NOT NULL, run TEXT NOT NULL, data_time TEXT NOT NULL, usable_at TEXT NOT NULL,
    tree TEXT NOT NULL, suspected INTEGER NOT NULL, snapshots TEXT NOT NULL,
    unread INTEGER NOT NULL, UNIQUE (chain, run)
);
CREATE TABLE folders (id INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE, folded TEXT NOT NULL);
CREATE TABLE files (
    id INTEGER PRIMARY KEY, chain INTEGER NOT NULL, folder INTEGER NOT NULL, name TEXT NOT NULL,
    folded TEXT NOT NULL, changed INTEGER, UNIQUE (chain, folder, name)
);
CREATE TABLE versions (
    file INTEGER NOT NULL, first INTEGER NOT NULL, until INTEGER,
    size INTEGER NOT NULL, mtime INTEGER NOT NULL, PRIMARY KEY (file, first)
) WITHOUT ROWID;
CREATE INDEX ended ON versions (until) WHERE until IS NOT NULL;
CREATE INDEX begun ON versions (first);
CREATE VIRTUAL TABLE grams USING fts5(
    folded, tokenize = 'trigram', detail = none, columnsize = 0, content = ''
);
CREATE VIRTUAL TABLE rarity USING fts5vocab(grams, row);
CREATE TABLE seen (
    folder TEXT NOT NULL, name TEXT NOT NULL, size INTEGER NOT NULL, mtime INTEGER NOT NULL,
    PRIMARY KEY (folder, name)
) WITHOUT ROWID;
CREATE TABLE touched (
    folder TEXT NOT NULL, name TEXT NOT NULL, PRIMARY KEY (folder, name)
) WITHOUT ROWID;
"""
NAMES = (
    "INSERT OR IGNORE INTO folders (path, folded) SELECT DISTINCT folder, fold(folder) FROM seen",
    """
    INSERT INTO files (chain, folder, name, folded, changed)
    SELECT :chain, d.id, s.name, fold(s.name), s.mtime
    FROM seen s JOIN folders d ON d.path = s.folder WHERE true
    ON CONFLICT (chain, folder, name) DO UPDATE SET changed = excluded.changed
    """,
    "INSERT INTO grams (rowid, folded) SELECT id, folded FROM files WHERE id > :known",
)
# Of a whole listing: every open version of the chain that is not seen as it was has ended.
END_OF_ALL = """
UPDATE versions SET until = :seq WHERE until IS NULL AND file IN (
    SELECT f.id FROM files f JOIN folders d ON d.id = f.folder
    LEFT JOIN seen s ON s.folder = d.path AND s.name = f.name
    LEFT JOIN versions v ON v.file = f.id AND v.until IS NULL
    WHERE f.chain = :chain AND (s.name IS NULL OR s.size <> v.size OR s.mtime <> v.mtime)
)
"""
# Of what lies between two points: only what restic names may have ended.
END_OF_TOUCHED = """
UPDATE versions SET until = :seq WHERE until IS NULL AND file IN (
    SELECT f.id FROM touched t JOIN folders d ON d.path = t.folder
    JOIN files f ON f.chain = :chain AND f.folder = d.id AND f.name = t.name
    LEFT JOIN seen s ON s.folder = t.folder AND s.name = t.name
    LEFT JOIN versions v ON v.file = f.id AND v.until IS NULL
    WHERE s.name IS NULL OR s.size <> v.size OR s.mtime <> v.mtime
)
"""
UNTOUCHED = """
DELETE FROM seen WHERE NOT EXISTS (
    SELECT 1 FROM touched t WHERE t.folder = seen.folder AND t.name = seen.name
)
"""
BEGIN = """
INSERT INTO versions (file, first, until, size, mtime)
SELECT f.id, :seq, NULL, s.size, s.mtime FROM seen s
JOIN folders d ON d.path = s.folder
JOIN files f ON f.chain = :chain AND f.folder = d.id AND f.name = s.name
WHERE NOT EXISTS (SELECT 1 FROM versions v WHERE v.file = f.id AND v.until IS NULL)
"""
# What ended and is in no point that is left, and its name where nothing else bears it.
ORPHANS = """
DELETE FROM versions WHERE until IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM points p JOIN files f ON f.id = versions.file
    WHERE p.chain = f.chain AND p.seq >= versions.first AND p.seq < versions.until
)
"""
NAMELESS = """
UPDATE files SET changed = NULL
WHERE changed IS NOT NULL AND NOT EXISTS (SELECT 1 FROM versions v WHERE v.file = files.id)
"""
