/**
 * The streams of all readers together: they are open while the agencies live on, and are judged by the state at that
 * time.
 */
import { Region } from '../../../src/catalog/nouns/places.ts';
import { plainStatement } from '../plain-statement.ts';
import { stateRecords } from '../state-records.ts';
import type { Walk } from './walk.ts';
import { askedOnStreams, changesOf, judgePushed, openBoards, type Pushed } from './ways-to-streams.ts';

export async function streams(walk: Walk): Promise<void> {
  const region = await lastRegion(walk);
  await walk.each(walk.different, async reader => {
    for (const pushed of [...changesOf(walk, reader, region), ...askedOnStreams(walk, reader)])
      judgePushed(walk, await pushed);
  });
  await boards(walk);
}

/** Makes a change that everybody sees: when it arrives, everything before it has arrived. */
async function lastRegion(walk: Walk): Promise<string> {
  const code = '371482101999';
  await stateRecords(walk.hub.hub.store, 'town', [plainStatement(Region, code, { code }, Date.now())]);
  await walk.readTruth();
  return code;
}

/** Checks the snapshots against the tables, then an update of every agency. */
async function boards(walk: Walk): Promise<void> {
  const opened = walk.different.map(reader => openBoards(walk, reader));
  const before = walk.truth;
  await Promise.all(opened.map(({ ready }) => ready));
  for (let round = 0; round < 2; round++) for (const system of walk.hub.systems.values()) await system.touch();
  const pushed: Pushed[] = await Promise.all(opened.flatMap(each => each.pushed));
  await walk.readTruth();
  const after = walk.truth;
  for (const each of pushed) {
    const from = each.messages.findIndex(({ answer }) => JSON.stringify(answer ?? null).includes('"READY"'));
    walk.judge.truth = before;
    judgePushed(walk, { ...each, messages: each.messages.slice(0, from) });
    walk.judge.truth = after;
    judgePushed(walk, { ...each, messages: each.messages.slice(from) });
  }
}
