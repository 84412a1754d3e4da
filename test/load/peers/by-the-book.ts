/**
 * The same schema as by the book: Apollo Server as it comes on express, TypeGraphQL's classes and field resolvers, MikroORM's
 * entities and finds, a DataLoader for each relation. Classes and entities are made from the catalog, where somebody
 * would write them by hand; what runs is the same.
 */
import 'reflect-metadata';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ApolloServer } from '@apollo/server';
import { expressMiddleware } from '@as-integrations/express5';
import { EntitySchema, MikroORM } from '@mikro-orm/postgresql';
import cors from 'cors';
import express from 'express';
import { useServer } from 'graphql-ws/use/ws';
import { WebSocketServer } from 'ws';
import { makeCatalog } from '../../../src/catalog/catalog.ts';
import { silentAdapters } from '../../support/silent-adapters.ts';
import { readTask, ready } from '../contender-task.ts';
import { bookEntities } from './book-entities.ts';
import { Loaders } from './book-loaders.ts';
import { bookSchema } from './book-schema.ts';
import { publishNotifications } from './book-subscription.ts';

const { databaseUrl, connections } = readTask();
const catalog = makeCatalog(await silentAdapters());
const orm = await MikroORM.init({
  clientUrl: databaseUrl,
  entities: bookEntities(catalog).map(entity => new EntitySchema(entity as never)),
  pool: { min: connections, max: connections },
  ensureDatabase: false,
} as never);
const schema = await bookSchema(catalog);
const app = express();
const server = createServer(app);
const apollo = new ApolloServer({ schema });
await apollo.start();
app.use(
  '/graphql',
  cors(),
  express.json(),
  expressMiddleware(apollo, {
    context: async () => {
      const em = orm.em.fork();
      return { em, loaders: new Loaders(em) };
    },
  }),
);
useServer({ schema }, new WebSocketServer({ server, path: '/graphql' }));
await publishNotifications(databaseUrl);
server.listen(0, '127.0.0.1');
await once(server, 'listening');
process.once('SIGTERM', () => process.exit(0));
ready((server.address() as AddressInfo).port);
