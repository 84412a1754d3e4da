/**
 * Data about a person is personal until its declaration says otherwise: kinds that leave it open are refused at start.
 */
import type { About } from '../../adapters/kit/record.ts';
import type { Column, Noun } from './catalog.ts';

type Nouns = ReadonlyMap<string, Noun>;
const isPersonal = (column: Column | undefined): boolean => column?.field.sensitivity === 'personal';

export function demandPersonalData(nouns: Nouns): void {
  for (const noun of nouns.values()) {
    if (isAboutPerson(noun, nouns)) demandStatedText(noun);
    for (const about of Object.values(noun.kind.about)) {
      demandPersonalKey(noun, about, nouns.get(about.noun)!);
      demandPersonalFacts(noun, about, nouns.get(about.noun)!);
    }
    demandRevealed(noun, nouns);
    demandPersonalFormats(noun);
  }
}

/** A credit code names a person where a sole trader has it; codes of the town's own bodies do not. */
function isAboutPerson(noun: Noun, nouns: Nouns): boolean {
  const fields = [...noun.columns.values()];
  const namesTraders = noun.origin !== 'town' && fields.some(({ field }) => field.format?.personPrefix !== undefined);
  return namesTraders || fields.some(isPersonal) || leadsToPerson(noun, nouns, new Set());
}

function leadsToPerson(noun: Noun, nouns: Nouns, passed: Set<Noun>): boolean {
  if (noun.name === 'Person') return true;
  if (passed.has(noun)) return false;
  passed.add(noun);
  return Object.values(noun.kind.about).some(about => leadsToPerson(nouns.get(about.noun)!, nouns, passed));
}

/** Whatever the kind is about, a number by which a person is identified or reached names that person. */
function demandPersonalFormats({ name, columns }: Noun): void {
  for (const { name: own, field } of columns.values()) {
    if (!field.format?.isPersonal || field.sensitivity === 'personal') continue;
    throw new Error(
      `${name}.${own} is a ${field.format.name}, which is personal: write sensitivity: 'personal' and a mask for it`,
    );
  }
}

/** A reason must be a sentence that a reviewer can agree or disagree with. */
const isSentence = (why: string): boolean => why.trim().split(/\s+/).length >= 3 && why.trim().length >= 15;

function demandStatedText({ name, columns }: Noun): void {
  for (const { name: own, field } of columns.values()) {
    if (field.scalar !== 'text' || field.format || field.sensitivity === 'personal') continue;
    if (field.why && isSentence(field.why)) continue;
    throw new Error(
      `${name}.${own} is text in a kind that is about a person: write sensitivity: 'personal', ` +
        `or 'public' or 'internal' with a why (a sentence that says why it tells nothing of the person)`,
    );
  }
}

/** A field that gives a personal fact away must be masked with it. */
function demandRevealed(noun: Noun, nouns: Nouns): void {
  for (const fact of noun.kind.timeReveals) demandPersonalFact(`${noun.name}.timeReveals`, fact, noun, nouns);
  for (const { name, field } of noun.columns.values()) {
    for (const fact of field.reveals ?? []) demandPersonalFact(`${noun.name}.${name}`, fact, noun, nouns);
    if (field.reveals && field.sensitivity !== 'personal') {
      throw new Error(
        `${noun.name}.${name} reveals ${field.reveals.join(', ')}, so it is personal: leave out its sensitivity '${field.sensitivity}'`,
      );
    }
  }
}

function demandPersonalFact(revealing: string, fact: string, noun: Noun, nouns: Nouns): void {
  const [own, other] = fact.split('.') as [string, string?];
  const column = other ? nouns.get(own)?.columns.get(other) : noun.columns.get(own);
  if (isPersonal(column)) return;
  const wrong = column
    ? 'is not personal: declare it so'
    : `is no field: name one as 'Kind.field', or one of ${noun.name}`;
  throw new Error(`${revealing} reveals ${fact}, which ${wrong}`);
}

function demandPersonalKey(noun: Noun, { from }: About, target: Noun): void {
  from.forEach((own, i) => {
    const key = target.kind.key[i];
    if (key && isPersonal(target.columns.get(key))) demandPersonal(noun, own, `is the key of`, target, key);
  });
}

function demandPersonalFacts(noun: Noun, { states = {} }: About, target: Noun): void {
  for (const [fact, own] of Object.entries(states)) {
    if (isPersonal(target.columns.get(fact))) demandPersonal(noun, own, 'states', target, fact);
  }
}

function demandPersonal(noun: Noun, own: string, relation: string, target: Noun, field: string): void {
  if (isPersonal(noun.columns.get(own))) return;
  const { mask } = target.columns.get(field)!.field;
  throw new Error(
    `${noun.name}.${own} ${relation} ${target.name}.${field}, which is personal: ` +
      `write sensitivity: 'personal' and mask: '${mask}' for ${noun.name}.${own} too`,
  );
}
