/**
 * The hub's own nouns: those that it derives, and those that the town states. Declared in nouns/, like the adapters'
 * records.
 */
import type { RecordKind } from '../../adapters/kit/record.ts';
import { Agency, Officer, Outpost, SharingGrant } from './nouns/agencies.ts';
import { Case, Organisation, Person } from './nouns/derived.ts';
import { Matter, MatterFee, MatterMaterial } from './nouns/matters.ts';
import { Hall, Region, Window } from './nouns/places.ts';
import { Delegation, PowerListEntry } from './nouns/powers.ts';
import { Task } from './nouns/tasks.ts';

/** Made by the hub from what others state; they have no source of their own. */
export const derivedKinds: readonly RecordKind[] = [Person, Organisation, Case];

/** Stated by the town. */
export const townKinds: readonly RecordKind[] = [
  Agency,
  Region,
  Hall,
  Outpost,
  Window,
  Officer,
  Matter,
  MatterMaterial,
  MatterFee,
  PowerListEntry,
  Delegation,
  SharingGrant,
  Task,
];

/** Source code of the town's own records. */
export const TOWN = 'town';
