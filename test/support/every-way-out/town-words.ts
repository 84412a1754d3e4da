/** Words that would identify somebody of the invented town, found in any text and in any character width. */
import type { Township } from '../../../seeds/township/model.ts';

export const sorts = ['name', 'identity number', 'phone', 'address', 'credit code of a sole trader'] as const;
export interface FoundWord {
  readonly sort: (typeof sorts)[number];
  readonly word: string;
}

/** The check character is left out, so that numbers with a wrong check character are found too. */
const bodyLength = 17;
const plain = (text: string): string => text.normalize('NFKC').toUpperCase();
/** The older form of an identity number, 15 digits: without the century and the check character. */
const older = (number: string): string => number.slice(0, 6) + number.slice(8, 17);

export class TownWords {
  /** Words that begin with Chinese characters, keyed by the first two. */
  private readonly han = new Map<string, FoundWord[]>();
  /** Words of digits and letters, keyed by their length. */
  private readonly codes = new Map<number, Map<string, FoundWord>>();

  constructor({ residents, businesses, villages }: Township) {
    const villageOf = new Map(villages.map(({ code, name }) => [code, name]));
    for (const { name, residentId, phone, address, villageCode } of residents) {
      this.add('name', name);
      this.add('identity number', residentId.slice(0, bodyLength));
      this.add('identity number', older(residentId));
      this.add('phone', phone);
      this.add('address', houseOf(address, villageOf.get(villageCode)!));
    }
    for (const { representativeName, representativeId, phone, type, creditCode } of businesses) {
      this.add('name', representativeName);
      this.add('identity number', representativeId.slice(0, bodyLength));
      this.add('phone', phone);
      if (type === 'SOLE_TRADER') this.add('credit code of a sole trader', creditCode);
    }
  }

  private add(sort: FoundWord['sort'], given: string): void {
    const word = plain(given);
    if (word.length < 2) return;
    if (/^[0-9A-Z]+$/.test(word)) {
      const known = this.codes.get(word.length) ?? new Map<string, FoundWord>();
      this.codes.set(word.length, known.set(word, { sort, word }));
      return;
    }
    const head = word.slice(0, 2);
    const known = this.han.get(head) ?? [];
    if (!known.some(other => other.word === word)) this.han.set(head, [...known, { sort, word }]);
  }

  /** Finds each word once. */
  in(given: string): FoundWord[] {
    const text = plain(given);
    const found = new Map<string, FoundWord>();
    for (const [run] of text.matchAll(/[0-9A-Z]{11,}/g))
      for (const each of this.codesIn(run)) found.set(each.word, each);
    for (const { 0: run, index } of text.matchAll(/\p{Script=Han}+/gu)) {
      for (let at = index; at < index + run.length; at++) {
        for (const each of this.han.get(text.slice(at, at + 2)) ?? [])
          if (text.startsWith(each.word, at)) found.set(each.word, each);
      }
    }
    return [...found.values()];
  }

  private codesIn(run: string): FoundWord[] {
    return [...this.codes].flatMap(([length, words]) =>
      Array.from({ length: Math.max(0, run.length - length + 1) }, (_, at) =>
        words.get(run.slice(at, at + length)),
      ).filter(each => each !== undefined),
    );
  }
}

/** For example `小张庄村12号`, because sources omit what comes before the village. */
const houseOf = (address: string, village: string): string => address.slice(address.indexOf(village));
