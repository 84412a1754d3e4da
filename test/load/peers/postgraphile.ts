/**
 * PostGraphile on the hub's own tables as they are: smart tags pass on what the catalog knows of links, so that its
 * names are the hub's. Its Amber preset, with filters, aggregates and prepared statements.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { jsonParse } from '@dataplan/json';
import { PgAggregatesPreset } from '@graphile/pg-aggregates';
import { postgraphile } from 'postgraphile';
import { makePgService } from 'postgraphile/adaptors/pg';
import { constant, context, listen } from 'postgraphile/grafast';
import { grafserv } from 'postgraphile/grafserv/node';
import { PostGraphileAmberPreset } from 'postgraphile/presets/amber';
import { extendSchema, gql, jsonPgSmartTags } from 'postgraphile/utils';
import { PostGraphileConnectionFilterPreset } from 'postgraphile-plugin-connection-filter';
import { isStated, makeCatalog, snake } from '../../../src/catalog/catalog.ts';
import { silentAdapters } from '../../support/silent-adapters.ts';
import { readTask, ready } from '../contender-task.ts';
import { eventChannel, peerEventType } from '../fan-out-event.ts';

const { databaseUrl, connections } = readTask();
const catalog = makeCatalog(await silentAdapters());

type Tags = { tags: Record<string, string | string[]> };
const classes: Record<string, Tags & { attribute?: Record<string, Tags> }> = {};
/** Roles of links have this name too, so the attribute gets another one. */
const attribute = { agency: { tags: { name: 'source_agency' } } };
const procedure = { hub_case_handling_days: { tags: { behavior: ['+typeField', '+aggregate'] } } };
for (const noun of catalog.all()) {
  const key = noun.kind.key.map(name => noun.columns.get(name)!.column);
  const foreignKeys = noun.links.flatMap(link => {
    const { target } = link;
    const back = [...target.relations.values()].find(r => r.many && !r.live && r.link === link)!.name;
    const names = `@fieldName ${link.role}|@foreignFieldName ${back}|@foreignSimpleFieldName ${back}List`;
    return target.table ? [`(${link.column}) references ${target.table} (id)|${names}`] : [];
  });
  classes[noun.table] = {
    tags: { name: snake(noun.name), unique: key.join(','), foreignKey: foreignKeys },
    ...(isStated(noun) ? { attribute } : {}),
  };
  classes[`${noun.table}_history`] = { tags: { behavior: '-*' } };
}

/** Groups by months of the town, as PostGraphile's manual says how to add a grouping. */
const months: GraphileConfig.Plugin = {
  name: 'GroupByMonth',
  version: '0.0.0',
  provides: ['aggregates'],
  schema: {
    hooks: {
      build(build) {
        const { timestamptz, text } = build.dataplanPg.TYPES;
        build.pgAggregateGroupBySpecs = [
          ...build.pgAggregateGroupBySpecs,
          {
            id: 'truncated-to-month',
            isSuitableType: codec => codec === timestamptz,
            sqlWrap: at => build.sql`to_char(date_trunc('month', ${at} at time zone interval '8 hours'), 'YYYY-MM')`,
            sqlWrapCodec: () => text,
          },
        ];
        return build;
      },
    },
  },
};

/**
 * Subscriptions as PostGraphile's manual makes them: the topic is that of NOTIFY, and the payload of NOTIFY is the
 * event.
 */
const subscriptions = extendSchema(() => ({
  typeDefs: gql`
    ${peerEventType}
    extend type Subscription { approvalChanged(agency: String!): ApprovalEvent }
  `,
  objects: {
    Subscription: {
      plans: {
        approvalChanged: {
          subscribePlan: () => listen(context().get('pgSubscriber'), constant(eventChannel), jsonParse),
          plan: ($event: unknown) => $event as never,
        },
      },
    },
  },
}));

const preset: GraphileConfig.Preset = {
  extends: [PostGraphileAmberPreset, PgAggregatesPreset, PostGraphileConnectionFilterPreset],
  plugins: [jsonPgSmartTags({ version: 1, config: { class: classes, procedure } }), months, subscriptions],
  pgServices: [
    makePgService({
      connectionString: `${databaseUrl}?options=-c%20timezone%3DUTC`,
      schemas: ['public'],
      pubsub: true,
      poolConfig: { max: connections, min: connections },
    }),
  ],
  // The hub filters and orders by every field too, so this does the same.
  disablePlugins: ['PgIndexBehaviorsPlugin'],
  schema: { defaultBehavior: '+list +connection', pgOrderByNullsLast: true },
  grafast: { explain: false },
  grafserv: { graphqlPath: '/graphql', graphiql: false, websockets: true, watch: false },
};

const server = createServer();
await postgraphile(preset).createServ(grafserv).addTo(server);
server.listen(0, '127.0.0.1');
await once(server, 'listening');
process.once('SIGTERM', () => process.exit(0));
ready((server.address() as AddressInfo).port);
