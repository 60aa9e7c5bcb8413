-- Bodies are compressed by lz4, which takes a third of the time of the default method: that was the largest single part
-- of what storing an event costs. Rows that are there stay as they are. A server built without lz4 keeps its default.
do $$
declare
    part regclass;
begin
    foreach part in array
        array['event_body'::regclass]
        || array(select inhrelid::regclass from pg_inherits where inhparent = 'event_body'::regclass)
    loop
        execute format('alter table %s alter column body set compression lz4', part);
    end loop;
exception
    when feature_not_supported then null;
end
$$;
