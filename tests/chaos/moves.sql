-- Notes every move of the truth in the transaction that makes it, whatever code makes it.
CREATE SCHEMA chaos;
CREATE TABLE chaos.moves (
  id bigserial PRIMARY KEY,
  txid bigint NOT NULL DEFAULT pg_current_xact_id()::text::bigint,
  role text NOT NULL DEFAULT coalesce(current_setting('chaos.role', true), ''),
  at double precision NOT NULL DEFAULT extract(epoch FROM clock_timestamp()),
  kind text NOT NULL, came text NOT NULL, went text NOT NULL,
  run_id text NOT NULL, idx integer
);
CREATE INDEX ON chaos.moves (txid);

CREATE FUNCTION chaos.note_run() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    INSERT INTO chaos.moves (kind, came, went, run_id) VALUES ('run', 'new', NEW.status, NEW.id);
    RETURN NULL;
  END IF;
  IF NEW.status <> OLD.status THEN
    INSERT INTO chaos.moves (kind, came, went, run_id) VALUES ('run', OLD.status, NEW.status, NEW.id);
  END IF;
  IF NEW.fence > OLD.fence AND NEW.owner IS NOT NULL THEN
    INSERT INTO chaos.moves (kind, came, went, run_id) VALUES ('job', NEW.job, 'claimed', NEW.id);
  ELSIF OLD.job IS NOT NULL AND NEW.job IS NULL THEN
    INSERT INTO chaos.moves (kind, came, went, run_id) VALUES ('job', OLD.job, 'done', NEW.id);
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER note AFTER INSERT OR UPDATE ON runs FOR EACH ROW EXECUTE FUNCTION chaos.note_run();

CREATE FUNCTION chaos.note_step() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    INSERT INTO chaos.moves (kind, came, went, run_id, idx)
    VALUES ('step', 'new', NEW.status, NEW.run_id, NEW.idx);
  ELSIF NEW.status <> OLD.status THEN
    INSERT INTO chaos.moves (kind, came, went, run_id, idx)
    VALUES ('step', OLD.status, NEW.status, NEW.run_id, NEW.idx);
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER note AFTER INSERT OR UPDATE ON steps FOR EACH ROW EXECUTE FUNCTION chaos.note_step();

CREATE FUNCTION chaos.note_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO chaos.moves (kind, came, went, run_id) VALUES ('event', '', NEW.type, NEW.run_id);
  RETURN NULL;
END $$;
CREATE TRIGGER note AFTER INSERT ON events FOR EACH ROW EXECUTE FUNCTION chaos.note_event();
