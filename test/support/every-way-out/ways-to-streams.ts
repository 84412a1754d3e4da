/** Ways on which something is pushed: boards and changes, over WebSockets and server-sent events, frame by frame. */
import { parse } from 'graphql';
import WebSocket from 'ws';
import type { Entry } from '../../../src/audit/entry.ts';
import type { StoredNoun } from '../../../src/catalog/catalog.ts';
import type { Reader } from './readers.ts';
import type { Json } from './told-cells.ts';
import type { Walk } from './walk.ts';

/** A message as it came, and the log entries about its reader at that time. */
interface Message {
  readonly type: string;
  readonly answer: Json | null;
  readonly beside: string;
  readonly noted: readonly Entry[];
}
export interface Pushed {
  readonly way: string;
  readonly reader: Reader;
  readonly text: string;
  readonly messages: readonly Message[];
}
/** Whether the stream needs no further messages. */
type IsEnough = (messages: readonly Message[]) => boolean;

/** Messages of sockets and streams that came during the walk, by protocol: `socket next`. */
export const messagesSeen = new Set<string>();
/** The types of board events that came. */
export const eventsSeen = new Set<string>();

export async function overSocket(
  walk: Walk,
  reader: Reader,
  way: string,
  text: string,
  isEnough: IsEnough,
): Promise<Pushed> {
  const from = walk.log.look();
  const socket = new WebSocket(`${walk.hub.hub.url.replace(/^http/, 'ws')}/graphql`, 'graphql-transport-ws');
  const { authorization, 'x-purpose': purpose } = reader.headers;
  const messages: Message[] = [];
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.once('close', () => resolve());
    socket.once('open', () =>
      socket.send(JSON.stringify({ type: 'connection_init', payload: { authorization, purpose } })),
    );
    socket.on('message', data => {
      const noted = walk.log.of(reader.subject, from, walk.log.look());
      const { type, payload = null, ...rest } = JSON.parse(String(data)) as { type: string; payload?: unknown };
      messagesSeen.add(`socket ${type}`);
      const isAnswer = type === 'next';
      const beside = JSON.stringify(isAnswer ? rest : [rest, payload]);
      messages.push({ type, answer: isAnswer ? (payload as Json) : null, beside, noted });
      if (type === 'connection_ack')
        socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query: text } }));
      if (type === 'connection_ack') socket.send(JSON.stringify({ type: 'ping' }));
      if (type === 'complete' || type === 'error' || isEnough(messages)) socket.close();
    });
  });
  return { way, reader, text, messages };
}

export async function overEvents(
  walk: Walk,
  reader: Reader,
  way: string,
  text: string,
  isEnough: IsEnough,
): Promise<Pushed> {
  const from = walk.log.look();
  const body = JSON.stringify({ query: text });
  const headers = { ...reader.headers, accept: 'text/event-stream' };
  const [asked, response] = await walk.watcher.begun({ path: '/graphql/stream', method: 'POST', headers, body });
  const messages: Message[] = [];
  let waiting = '';
  for await (const part of response as AsyncIterable<Buffer>) {
    const noted = walk.log.of(reader.subject, from, walk.log.look());
    const events = (waiting + part.toString('utf8')).split('\n\n');
    waiting = events.pop()!;
    messages.push(...events.map(event => messageOf(event, noted)));
    if (isEnough(messages)) break;
  }
  asked.destroy();
  return { way, reader, text, messages };
}

function messageOf(event: string, noted: readonly Entry[]): Message {
  const line = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(event)?.[1];
  const type = line('event') ?? (event.startsWith(':') ? 'comment' : 'head');
  messagesSeen.add(`stream ${type}`);
  const data = type === 'next' ? (JSON.parse(line('data')!) as Json) : null;
  return { type, answer: data, beside: data ? (line('id') ?? '') : event, noted };
}

export function judgePushed(walk: Walk, { way, reader, text, messages }: Pushed): void {
  const document = parse(text);
  for (const { answer, beside, noted } of messages) {
    if (answer) walk.judge.take({ way, reader, document, answer, beside, noted });
    else walk.judge.plain(way, reader, beside);
  }
}

const boards = { caseBoard: 'Case', approvalUpdates: 'Approval' } as const;
type Board = keyof typeof boards;
const eventTypesOf = (messages: readonly Message[], board: string) =>
  messages.flatMap(({ answer }) => ((answer?.data as Json | null)?.[board] as { type: string } | null)?.type ?? []);

function boardText(walk: Walk, board: Board): string {
  const noun = boards[board];
  const leading = walk.selections
    .leading(noun, 2)
    .filter(([name]) => !walk.truth.catalog.get(noun).relations.get(name)?.many);
  const nodes = [walk.selections.own(walk.selections.object(noun)), ...leading.map(([, text]) => text)].join(' ');
  const event = walk.selections.schema.getSubscriptionType()!.getFields()[board]!;
  const own = walk.selections.own(walk.selections.typeOf(event)).replace('__typename', '__typename type');
  return `subscription { ${board} { ${own} nodes { ${nodes} } } }`;
}

/** Open boards: their snapshots have arrived, and the boards of readers who see every row wait for an update. */
export interface OpenBoards {
  readonly pushed: readonly Promise<Pushed>[];
  /** Resolves when every snapshot is complete. */
  readonly ready: Promise<unknown>;
}
export function openBoards(walk: Walk, reader: Reader): OpenBoards {
  const names = (Object.keys(boards) as Board[]).filter(board =>
    reader.policy.sees(walk.truth.catalog.stored(boards[board])),
  );
  const opened = names.flatMap(board => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const last = reader.policy.rows(walk.truth.catalog.stored(boards[board])) === 'all' ? 'UPSERT' : 'READY';
    const isEnough: IsEnough = messages => {
      const types = eventTypesOf(messages, board);
      for (const type of types) eventsSeen.add(type);
      if (types.includes('READY')) resolve();
      return types.includes(last);
    };
    const text = boardText(walk, board);
    const over = names.indexOf(board) ? overEvents : overSocket;
    return [{ pushed: over(walk, reader, 'event of a board', text, isEnough), ready: promise }];
  });
  return { pushed: opened.map(({ pushed }) => pushed), ready: Promise.all(opened.map(({ ready }) => ready)) };
}

/** The number of events after which a stream of changes is left, if it does not end earlier. */
const maxEvents = 40;
/** All changes of some kinds, up to a region that was stated to mark the end. */
export function changesOf(walk: Walk, reader: Reader, region: string): Promise<Pushed>[] {
  const seen = walk.nouns.filter(noun => reader.policy.sees(noun) && isPersonal(noun));
  const kinds = seen.map(({ name }) => name);
  const batches = Array.from({ length: Math.ceil(kinds.length / 3) }, (_, i) => kinds.slice(i * 3, i * 3 + 3));
  const event = walk.selections.own(walk.selections.object('ChangeEvent'));
  return batches.map((batch, i) => {
    const fragments = walk.selections.kinds(batch, 1).flat().join(' ');
    // A filter that every row fits. A kind without a filter sends nothing.
    const fitting = batch.map(name => `${walk.truth.catalog.get(name).kind.plural}: { observedAt: { isNull: false } }`);
    const where = `{ ${fitting.join(', ')}, regions: { code: { eq: "${region}" } } }`;
    const args = `oldest: true, kinds: ${JSON.stringify([...batch, 'Region'])}, where: ${where}`;
    const text = `subscription { changes(${args}) { ${event} node { __typename id ${fragments} } } }`;
    const isEnough: IsEnough = messages => {
      const events = messages.flatMap(
        ({ answer }) => (answer?.data as { changes: { kind: string } } | null)?.changes ?? [],
      );
      return events.length >= maxEvents || events.some(({ kind }) => kind === 'Region');
    };
    return (i % 2 ? overEvents : overSocket)(walk, reader, 'event of changes', text, isEnough);
  });
}
const isPersonal = ({ columns }: StoredNoun): boolean =>
  [...columns.values()].some(({ field }) => field.sensitivity === 'personal');

/** Queries over a stream, and what is refused there. */
export function askedOnStreams(walk: Walk, reader: Reader): Promise<Pushed>[] {
  const person = walk.selections.own(walk.selections.object('Person'));
  const isEnough = () => false;
  return [overSocket, overEvents].flatMap(over => [
    over(walk, reader, 'question on a stream', `{ persons(first: 7) { nodes { ${person} } } }`, isEnough),
    over(walk, reader, 'question on a stream', 'subscription { caseBoard { type } changes { kind } }', isEnough),
  ]);
}
