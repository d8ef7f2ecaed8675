-- The agencies of the last edition that any node has put in force, so that a start knows which its files have lost. One
-- that goes by a reload goes from here, too.
CREATE TABLE agencies_in_force (
    agency TEXT   NOT NULL PRIMARY KEY,
    since  BIGINT NOT NULL
);
