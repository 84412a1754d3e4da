-- additive: yes
-- The months of cases in the summers of 1986 to 1991 began an hour earlier, and before 1901 the offset was another one.
lock table "hub_case" in share row exclusive mode;
delete from "hub_case_rollup" where "submitted_at" < '1991-10-01T00:00:00+08:00';
insert into "hub_case_rollup" ("submitted_at", "lead_agency_code", "state", "result", "cases", "handled_n", "handled_us", "examined_n", "examined_us")
  select date_trunc('month', "submitted_at" at time zone 'Asia/Shanghai') at time zone 'Asia/Shanghai', "lead_agency_code", "state", "result",
    count(*),
    count("closed_at" - "submitted_at"), coalesce(sum((extract(epoch from "closed_at" - "submitted_at") * 1000000)::bigint), 0),
    count("closed_at" - "accepted_at"), coalesce(sum((extract(epoch from "closed_at" - "accepted_at") * 1000000)::bigint), 0)
  from "hub_case" where not deleted and "submitted_at" < '1991-10-01T00:00:00+08:00' group by 1, 2, 3, 4;
