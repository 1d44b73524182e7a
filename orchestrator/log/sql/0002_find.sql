-- What is asked of a long log without reading all of it: the events of some types, of one site or
-- of all; those of one run or incident; and, for the log's copy, the slots that events took.
CREATE INDEX event_by_type ON event (type, site);
CREATE INDEX event_by_run ON event (run);
CREATE INDEX slot_by_event ON slot (event);
