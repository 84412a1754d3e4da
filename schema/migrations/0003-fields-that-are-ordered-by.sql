-- additive: yes
-- transaction: no

drop index concurrently if exists "hub_approval_started_at_order";
create index concurrently "hub_approval_started_at_order" on "hub_approval" ("started_at", "id");

drop index concurrently if exists "hub_case_submitted_at_order";
create index concurrently "hub_case_submitted_at_order" on "hub_case" ("submitted_at" desc nulls last, "id");

drop index concurrently if exists "hub_case_promised_on_order";
create index concurrently "hub_case_promised_on_order" on "hub_case" ("promised_on", "id");
