-- additive: no
-- The identity key lies in a file now. A process of the version before would make another one in this table, and so give
-- everything new ids: it must not start any more.
comment on table "hub_setting" is 'facts of this installation, never its identity key';
