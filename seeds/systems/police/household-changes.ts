/** Changes in households: births, deaths, moves and changes of name of two years. */
import { residentIdCheck } from '../../../adapters/kit/identifiers/resident-id.ts';
import { addDays } from '../../township/days.ts';
import type { Random, Resident, Township } from '../../township/model.ts';
import { makePersonName } from '../../township/names.ts';
import type { Archive, Telling } from './archive.ts';
import type { Faults } from './faults.ts';
import type { Scribe } from './scribe.ts';

type Kind = 'BIRTH' | 'DEATH' | 'MOVE_IN' | 'MOVE_OUT' | 'NAME_CHANGE';
const CODES: Record<Kind, string> = { BIRTH: '11', MOVE_IN: '12', DEATH: '21', MOVE_OUT: '22', NAME_CHANGE: '31' };
const CHANGES_PER_RESIDENT = 0.03;
const BIRTHS_OF_ALL = 0.4;
const ELSEWHERE = ['山东省德州市齐河县', '山东省聊城市高唐县', '河南省濮阳市华龙区', '山东省济南市长清区'];

interface Change {
  readonly kind: Kind;
  readonly person: Resident;
  readonly happenedOn: string;
  readonly registeredOn: string;
  readonly formerName?: string;
}

/** Makes a person who was never among the town's people. */
function makeStranger(random: Random, home: Resident, born: string, used: (id: string) => boolean): Resident {
  const sex = random.chance(0.5) ? 'MALE' : 'FEMALE';
  for (;;) {
    const serial = 2 * random.below(497) + (sex === 'MALE' ? 1 : 2);
    const first17 = `371482${born.replaceAll('-', '')}${String(serial).padStart(3, '0')}`;
    const residentId = first17 + residentIdCheck(first17);
    if (used(residentId)) continue;
    return { ...home, residentId, name: makePersonName(random, sex), sex, born, relation: '30', diedOn: null };
  }
}

export class HouseholdChanges {
  /** The people whose death is registered. */
  readonly registeredDeaths = new Set<string>();
  private readonly known: Set<string>;
  private serial = 0;
  private lastBirth: Telling | null = null;

  constructor(
    private readonly town: Township,
    private readonly random: Random,
    private readonly archive: Archive,
    private readonly scribe: Scribe,
    /** Writes later events without faults. */
    private readonly careful: Scribe,
    private readonly faults: Faults,
  ) {
    this.known = new Set(town.residents.map(({ residentId }) => residentId));
  }

  tellPast(): void {
    const wanted = Math.round(this.town.residents.length * CHANGES_PER_RESIDENT);
    const locals = this.town.residents.filter(resident => !resident.migrant);
    const changes = [...this.deaths(locals), ...this.births(locals).slice(0, Math.round(wanted * BIRTHS_OF_ALL))];
    while (locals.length > 0 && changes.length < wanted) changes.push(this.other(locals));
    for (const change of changes) {
      if (change.registeredOn >= this.town.today) continue;
      const stands = this.tellChange(change);
      if (stands && change.kind === 'DEATH') this.registeredDeaths.add(change.person.residentId);
    }
  }

  private deaths(locals: readonly Resident[]): Change[] {
    return locals.flatMap(person => {
      if (person.diedOn === null) return [];
      const late = this.faults.commits('lateDeath');
      const days = late ? 60 + this.random.below(200) : 2 + this.random.below(20);
      return [{ kind: 'DEATH', person, happenedOn: person.diedOn, registeredOn: addDays(person.diedOn, days) }];
    });
  }

  private births(locals: readonly Resident[]): Change[] {
    const since = addDays(this.town.today, -730);
    return locals
      .filter(({ born }) => born > since)
      .map(person => {
        const registeredOn = addDays(person.born, 3 + this.random.below(40));
        return { kind: 'BIRTH', person, happenedOn: person.born, registeredOn };
      });
  }

  private other(locals: readonly Resident[]): Change {
    const { random, town } = this;
    const happenedOn = random.day(addDays(town.today, -730), addDays(town.today, -10));
    const registeredOn = addDays(happenedOn, random.below(8));
    const local = random.pick(locals);
    const kind = random.pick(['MOVE_IN', 'MOVE_OUT', 'NAME_CHANGE'] as const);
    if (kind === 'MOVE_OUT') {
      return { kind, person: this.stranger(local, random.day('1960-01-01', '2010-01-01')), happenedOn, registeredOn };
    }
    if (kind === 'MOVE_IN') return { kind, person: local, happenedOn, registeredOn };
    const formerName = makePersonName(random, local.sex);
    return { kind, person: local, happenedOn, registeredOn, formerName };
  }

  private stranger(home: Resident, born: string): Resident {
    const stranger = makeStranger(this.random, home, born, id => this.known.has(id));
    this.known.add(stranger.residentId);
    return stranger;
  }

  /** False when the change was withdrawn for good. */
  private tellChange(change: Change): boolean {
    const telling = this.tellingOf(change, 2, `${change.registeredOn}T23:00:00+08:00`, this.scribe);
    if (!this.faults.commits('withdrawnChange')) {
      this.archive.tell(telling);
      return true;
    }
    // The change is withdrawn the day after, and in some cases registered again under the same number.
    this.archive.tellCleanly(telling);
    this.withdraw(telling, this.past(addDays(change.registeredOn, 1)));
    if (!this.faults.commits('registeredAgain')) return false;
    this.archive.tellCleanly({ ...telling, edition: 4, at: this.past(addDays(change.registeredOn, 3)) });
    return true;
  }

  private past(day: string): string {
    const last = addDays(this.town.today, -1);
    return `${day < last ? day : last}T23:00:00+08:00`;
  }

  private withdraw(telling: Telling, at: string): void {
    this.archive.tellCleanly({ ...telling, edition: telling.edition + 1, at, deleted: true });
  }

  /** Withdraws the last birth that was registered since the start; does nothing where there is none. */
  withdrawBirth(at: string): void {
    if (this.lastBirth) this.withdraw(this.lastBirth, at);
    this.lastBirth = null;
  }

  private tellingOf(change: Change, edition: number, at: string, scribe: Scribe): Telling {
    const { kind, person, happenedOn, registeredOn, formerName = '' } = change;
    const { random } = this;
    const id = `HJBD${registeredOn.slice(0, 4)}${String(++this.serial).padStart(6, '0')}`;
    return {
      kind: 'HouseholdChange',
      id,
      edition,
      at,
      values: {
        BDBH: id,
        BDLB: CODES[kind],
        GMSFHM: scribe.id(person.residentId),
        XM: scribe.name(person.name),
        BGQXM: formerName,
        CSRQ: scribe.day(person.born),
        HH: person.householdNo,
        JCWH: person.villageCode,
        // For a death, the day of the change is the day of the entry.
        BDRQ: scribe.day(kind === 'DEATH' ? registeredOn : happenedOn),
        DJRQ: scribe.day(registeredOn),
        SWRQ: kind === 'DEATH' ? scribe.day(happenedOn) : '',
        QCDZ: kind === 'MOVE_IN' ? random.pick(ELSEWHERE) : '',
        QWDZ: kind === 'MOVE_OUT' ? random.pick(ELSEWHERE) : '',
        SBRXM: scribe.name(person.name),
      },
      earlier: { SBRXM: '' },
    };
  }

  /** Registers a birth of today, and returns the child. */
  tellBirth(at: string): Resident {
    const today = at.slice(0, 10);
    const home = this.random.pick(this.town.residents.filter(({ migrant }) => !migrant));
    const person = this.stranger(home, today);
    const change: Change = { kind: 'BIRTH', person, happenedOn: today, registeredOn: today };
    this.lastBirth = this.tellingOf(change, 1, at, this.careful);
    this.archive.tellCleanly(this.lastBirth);
    return person;
  }
}
