/**
 * Every personal field, on every way by which its value could reach a reader, for every role, with and without a
 * purpose: persons who are shown whole are in the audit log before the first byte, and nothing that leaves the hub
 * names anybody else.
 */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { letThrough } from '../../support/every-way-out/let-through.ts';
import type { Reader } from '../../support/every-way-out/readers.ts';
import * as seen from '../../support/every-way-out/seen-fields.ts';
import { streams } from '../../support/every-way-out/streams-of-the-walk.ts';
import { forms } from '../../support/every-way-out/town-truth.ts';
import { Walk } from '../../support/every-way-out/walk.ts';
import { boardEvents, messages, rootWay, routes, ways } from '../../support/every-way-out/ways.ts';
import {
  filters,
  groups,
  measures,
  namedInGroups,
  orders,
  searches,
} from '../../support/every-way-out/ways-by-values.ts';
import { acts, mistakes, plainRoutes, unmaskSome } from '../../support/every-way-out/ways-to-acts.ts';
import { files, readyMadeFiles } from '../../support/every-way-out/ways-to-files.ts';
import { byId, byKey, nested, rows } from '../../support/every-way-out/ways-to-rows.ts';
import { eventsSeen, messagesSeen } from '../../support/every-way-out/ways-to-streams.ts';

let walk: Walk;
beforeAll(async () => {
  walk = await Walk.start();
  // The reader who sees everything comes first, because from then on it is known what the police say of somebody.
  await nested(walk, walk.reader('clerk, task'));
});
afterAll(() => walk?.stop());
const faults = () => walk.judge.faults.splice(0);

/** Who sends the requests: all readers, those who each see something different, or some that stand for the others. */
const all = () => walk.readers;
const different = () => walk.different;
const some = () => ['public, no purpose', 'clerk, task', 'auditor, no purpose'].map(name => walk.reader(name));
const unmasking = () => walk.readers.filter(({ look }) => look === 'unmasked');

type Take = (walk: Walk, reader: Reader) => Promise<void>;
const taken: readonly (readonly [what: string, who: () => readonly Reader[], take: Take])[] = [
  ['records that are unmasked', unmasking, unmaskSome],
  ['lists, also of the past', all, rows],
  ['records by their keys', different, byKey],
  ['records by their ids', different, byId],
  ['what leads on, live records, records of all agencies and claims', different, nested],
  ['filters', different, filters],
  ['orders', different, orders],
  ['searches', different, searches],
  ['groups', different, groups],
  ['measures of groups, and keys that lead on', () => [walk.reader('analyst, no purpose')], measures],
  ['names of personal fields in groups', different, namedInGroups],
  ['files', different, files],
  ['ready-made files', different, readyMadeFiles],
  ['answers of mutations, explanations and reports', all, acts],
  ['words of mistakes', some, mistakes],
  ['plain routes', some, plainRoutes],
];

describe('a person who is shown whole is already in the log, and nobody else is shown', () => {
  test.each(taken)('%s', async (_what, who, take) => {
    await walk.each(who(), reader => take(walk, reader));
    expect(faults()).toEqual([]);
  });

  test('boards, changes, and queries on streams', async () => {
    await streams(walk);
    expect(faults()).toEqual([]);
  });

  test("lines of the hub's own log, also when an agency fails", async () => {
    // What was touched for the boards has arrived before the tables are read again.
    await walk.hub.synchronised();
    for (const system of walk.hub.systems.values()) system.setOutage('refuse');
    await walk.readTruth();
    await nested(walk, walk.reader('clerk, task'));
    await mistakes(walk, walk.reader('clerk, task'));
    walk.judge.plain("lines of the hub's log", null, walk.lines.join('\n'));
    expect(walk.lines.length).toBeGreaterThan(0);
    expect(faults()).toEqual([]);
  });

  test('files of the audit log', () => {
    for (const dir of [walk.hub.environment.HUB_AUDIT_DIR!, walk.hub.environment.HUB_AUDIT_ROOTS!])
      for (const name of readdirSync(dir))
        walk.judge.plain('files of the audit log', null, `${name} ${readFileSync(path.join(dir, name), 'latin1')}`);
    expect(faults()).toEqual([]);
  });
});

describe('the walk is complete', () => {
  const add = (what: string, to: string) =>
    `${what}: give it a way in test/support/every-way-out/${to}, and let the walk go it`;

  test('every root field, route, message and event has a way, and every way is used', () => {
    const { schema } = walk.selections;
    const roots = [schema.getQueryType()!, schema.getMutationType()!, schema.getSubscriptionType()!];
    const places = roots.flatMap(type => Object.keys(type.getFields()).map(field => `${type.name}.${field}`));
    const unknown = [
      ...places.filter(place => !rootWay(walk.truth.catalog, place)).map(place => add(place, 'ways.ts (roots)')),
      ...[...walk.routes].filter(route => !routes[route]).map(route => add(route, 'ways.ts (routes)')),
      ...[...messagesSeen, ...seen.messagesOf()]
        .filter(each => !messages[each])
        .map(each => add(each, 'ways.ts (messages)')),
      ...seen
        .boardEventsOf(schema)
        .filter(each => !boardEvents[each])
        .map(each => add(each, 'ways.ts (boardEvents)')),
    ];
    expect([...new Set(unknown)]).toEqual([]);
    expect(Object.keys(routes).filter(route => !walk.routes.has(route))).toEqual([]);
    const expected = Object.keys(messages).filter(each => !['of clients', 'seldom'].includes(messages[each]!));
    expect(expected.filter(each => !messagesSeen.has(each))).toEqual([]);
    expect(Object.keys(boardEvents).filter(each => boardEvents[each] !== 'seldom' && !eventsSeen.has(each))).toEqual(
      [],
    );
  });

  test('every way was taken, and on each that shows persons some were seen whole', () => {
    const gone = [...walk.judge.told.keys()];
    expect(gone.filter(way => !(way in ways)).map(way => add(way, 'ways.ts (ways)'))).toEqual([]);
    expect(Object.keys(ways).filter(way => !walk.judge.told.has(way))).toEqual([]);
    const showing = Object.entries(ways).flatMap(([way, what]) => (what === 'shows' ? [way] : []));
    expect(showing.filter(way => !walk.judge.wholeBy.has(way))).toEqual([]);
    const wanted = forms.flatMap(form => [`${form} whole`, `${form} masked`]);
    expect(wanted.filter(form => !walk.judge.formsSeen.has(form))).toEqual([]);
  });

  test('every field of the schema was requested', () => {
    const places = seen.schemaFields(walk.selections.schema);
    const { missing, stale } = seen.unseen(places, walk.judge.answers.asked, seen.neverAsked);
    expect(missing.map(place => add(place, 'selections.ts'))).toEqual([]);
    expect(stale).toEqual([]);
  });

  test('every personal field was seen whole, and masked', () => {
    const places = seen.personalFields(walk.truth.catalog);
    const whole = seen.unseen(places, new Set(walk.judge.seenWhole.keys()), seen.neverFilled);
    const masked = seen.unseen(places, walk.judge.seenMasked, seen.neverFilled);
    expect({ whole, masked }).toEqual({ whole: { missing: [], stale: [] }, masked: { missing: [], stale: [] } });
  });

  test('every reader who may see somebody whole did, and nobody else', () => {
    const may = walk.readers.filter(({ role, look }) => {
      if (look === 'unmasked') return true;
      return (
        look !== 'no purpose' &&
        (role === 'clerk' || role === 'officer' || (role === 'village-agent' && look === 'case'))
      );
    });
    expect([...walk.judge.wholeFor].sort()).toEqual(may.map(({ name }) => name).sort());
  });

  test('every entry of the let-through list was needed', () => {
    const open = Object.keys(letThrough).filter(place => {
      const [kind, name] = place.split('.') as [string, string];
      return walk.truth.catalog.get(kind).columns.get(name)?.field.sensitivity !== 'personal';
    });
    expect(open.filter(place => !walk.judge.used.has(place))).toEqual([]);
  });
});
