-- Makes this month's and the next two months' partitions, each for itself: one that cannot be made (its rows are in the
-- default partition already, the role may not) does not keep the others from being made. Says which could not.
drop function partitions_ensure(timestamptz);

create function partitions_ensure(around timestamptz) returns text[] language plpgsql as $$
declare
    parent text;
    month timestamptz;
    part text;
    refused text[] := '{}';
begin
    foreach parent in array array['delivery', 'event_body', 'attempt', 'change'] loop
        for offset_months in 0..2 loop
            month := date_trunc('month', around at time zone 'UTC') at time zone 'UTC'
                + make_interval(months => offset_months);
            part := format('%s_%s', parent, to_char(month at time zone 'UTC', 'YYYYMM'));
            if to_regclass(part) is null then
                begin
                    execute format(
                        'create table %I partition of %I for values from (%L) to (%L)',
                        part, parent, month, month + interval '1 month');
                exception
                    when others then refused := refused || format('%s: %s', part, sqlerrm);
                end;
            end if;
        end loop;
    end loop;
    return refused;
end
$$;
