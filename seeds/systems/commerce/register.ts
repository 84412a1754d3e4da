/** The outpost's register: what it wrote about the town up to today, and what it writes next. */

import type { CaseStory } from '../../township/case-story.ts';
import { advanceStory, lastMomentOf, newStory, tellStories } from '../../township/case-story-teller.ts';
import { addDays, addMinutes } from '../../township/days.ts';
import type { Business, Random, Township } from '../../township/model.ts';
import type { Touched } from '../pretend-system.ts';
import { CaseDocuments, effectOf, tellingBefore } from './case-documents.ts';
import { ChangeAndListingRows, type Listing } from './change-and-listing-rows.ts';
import { type Entity, EntityRows, isRegistered } from './entity-rows.ts';
import type { Exchange, Written } from './exchange.ts';
import type { FaultDice } from './fault-dice.ts';
import { COMMERCE_MATTERS } from './matters.ts';
import { Speller } from './spelling.ts';
import { spoilCase, spoilChange, spoilEntity, spoilListing } from './spoiling.ts';

const PER_RESIDENT = { changes: 0.04, listings: 0.004, cases: 0.03 };
const TELLER = { purpose: 'commerce', prefix: 'COM', matters: COMMERCE_MATTERS };

export interface RegisterParts {
  readonly town: Township;
  readonly random: Random;
  readonly dice: FaultDice;
  readonly exchange: Exchange;
}

export class Register {
  /** The existing entities, by credit code where they have one. */
  readonly entities: Entity[] = [];
  private readonly listings: Listing[] = [];
  private readonly open: CaseStory[] = [];
  private readonly closed: CaseStory[] = [];
  private readonly speller: Speller;
  private readonly plain: CaseDocuments;
  private readonly documents: CaseDocuments;
  private readonly entityRows: EntityRows;
  private readonly rows: ChangeAndListingRows;
  private cases: number;

  constructor(
    private readonly parts: RegisterParts,
    faultless: Speller,
  ) {
    const { town, random, dice, exchange } = parts;
    this.speller = new Speller(random, dice);
    this.plain = new CaseDocuments(faultless);
    this.documents = new CaseDocuments(this.speller);
    this.entityRows = new EntityRows(random, this.speller, town.residents);
    this.rows = new ChangeAndListingRows(random, this.speller);
    this.cases = Math.round(town.residents.length * PER_RESIDENT.cases);
    const entities = town.businesses.filter(isRegistered).flatMap(business => this.firstRows(business));
    const others = this.entities.length > 0 ? [...this.firstChanges(), ...this.firstListings()] : [];
    exchange.fill([...entities, ...others, ...this.firstCases()]);
  }

  private moment(from: string, to: string): string {
    const { random } = this.parts;
    const day = from < to ? random.day(from, to) : from;
    return addMinutes(`${day}T08:30:00+08:00`, random.below(480));
  }

  private yesterday(): string {
    return addDays(this.parts.town.today, -1);
  }

  private firstRows(business: Business): Written[] {
    return this.entityRows.register(business).flatMap(entity => this.historyOf(entity));
  }

  private historyOf(entity: Entity): Written[] {
    const { random, dice } = this.parts;
    const at = this.moment(entity.business.establishedOn, addDays(this.parts.town.today, -60));
    const row = this.entityRows.row(entity, at);
    if (spoilEntity(row, dice, random)) return [{ service: 'entity', at, row, effect: { parked: true } }];
    const stands = [`MarketEntity ${entity.pripid}`];
    const first: Written = { service: 'entity', at, row, effect: { stands } };
    const later = this.moment(addDays(at.slice(0, 10), 1), this.yesterday());
    if (dice.commits('deletedAsError')) {
      const last = { ...this.entityRows.row(entity, later), CD_OPERATION: 'D' };
      return [first, { service: 'entity', at: later, row: last, effect: { gone: stands } }];
    }
    this.entities.push(entity);
    if (!random.chance(0.3)) return [first];
    const before = { ...row, OPSCOPE: entity.scope.slice(0, 14), TEL: '' };
    return [
      { ...first, row: before },
      { service: 'entity', at: later, row: this.entityRows.row(entity, later), effect: { stands } },
    ];
  }

  private firstChanges(): Written[] {
    const { town, random } = this.parts;
    return Array.from({ length: Math.round(town.residents.length * PER_RESIDENT.changes) }, () => {
      const entity = random.pick(this.entities);
      const at = this.moment(entity.business.establishedOn, this.yesterday());
      return this.changeOf(entity, at);
    });
  }

  private changeOf(entity: Entity, at: string): Written {
    const change = this.rows.newChange(entity, at.slice(0, 10));
    const row = this.rows.changeRow(change, at);
    const spoiled = spoilChange(row, this.parts.dice);
    return {
      service: 'change',
      at,
      row,
      effect: spoiled ? { parked: true } : { stands: [`BusinessChange ${change.no}`] },
    };
  }

  private firstListings(): Written[] {
    const { town, random } = this.parts;
    const count = Math.round(town.residents.length * PER_RESIDENT.listings);
    return Array.from({ length: count }, () => {
      const entity = random.pick(this.entities);
      const at = this.moment(entity.business.establishedOn, addDays(town.today, -30));
      return this.listingOf(entity, at, random.chance(0.5));
    }).flat();
  }

  /** A listing, and its removal as an update of the same row. */
  private listingOf(entity: Entity, at: string, removed: boolean): Written[] {
    const listing = this.rows.newListing(entity, at.slice(0, 10));
    const row = this.rows.listingRow(listing, at);
    if (spoilListing(row, this.parts.dice)) return [{ service: 'abnormal', at, row, effect: { parked: true } }];
    const effect = { stands: [`AbnormalListing ${listing.no}`] };
    const listed: Written = { service: 'abnormal', at, row, effect };
    if (!removed) {
      this.listings.push(listing);
      return [listed];
    }
    const later = this.moment(addDays(at.slice(0, 10), 1), this.yesterday());
    return [listed, this.removalOf(listing, later)];
  }

  private removalOf(listing: Listing, at: string): Written {
    const row = this.rows.listingRow({ ...listing, removedOn: at.slice(0, 10) }, at);
    return { service: 'abnormal', at, row, effect: { stands: [`AbnormalListing ${listing.no}`] } };
  }

  private firstCases(): Written[] {
    const { town, dice } = this.parts;
    return tellStories(town, { ...TELLER, count: this.cases }).flatMap(story => {
      const told = this.tell(story, lastMomentOf(story));
      if (told.effect.parked || story.dataVersion < 2 || !dice.commits('earlierTelling')) return [told];
      const before = tellingBefore(story);
      return [{ ...told, row: this.documents.document(before), effect: effectOf(before) }, told];
    });
  }

  /** Reports a version of a case, spoiled or not; the register keeps those that it can continue. */
  private tell(story: CaseStory, at: string): Written {
    const row = this.documents.document(story);
    if (story.steps.length > 0 && spoilCase(row, this.parts.dice, this.parts.random)) {
      return { service: 'case', at, row, effect: { parked: true } };
    }
    this.remember(story);
    return { service: 'case', at, row, effect: effectOf(story) };
  }

  private remember(story: CaseStory): void {
    (story.closing ? this.closed : this.open).push(story);
  }

  /** A clean advance of an open case, delivered immediately. */
  touch(): Touched {
    const { random, exchange } = this.parts;
    const at = exchange.tick();
    exchange.settle();
    if (this.open.length === 0) return this.openCase(at);
    const [before] = this.open.splice(random.below(this.open.length), 1);
    const story = advanceStory(before!, random, at);
    this.remember(story);
    exchange.publish({ service: 'case', at, row: this.plain.document(story), effect: effectOf(story) });
    return touchedBy(before!, story);
  }

  private openCase(at: string): Touched {
    const story = this.newCase(at);
    this.remember(story);
    this.parts.exchange.publish({ service: 'case', at, row: this.plain.document(story), effect: effectOf(story) });
    return { kind: 'CaseReport', sourceId: story.caseNo, caseNo: story.caseNo };
  }

  private newCase(at: string): CaseStory {
    return newStory(this.parts.town, this.parts.random, TELLER, ++this.cases, at);
  }

  /** One more event, with the usual faults; some of it becomes visible only after newer rows. */
  step(): void {
    const { random, dice, exchange } = this.parts;
    const at = exchange.tick();
    exchange.settle();
    const written = this.happening(random.below(100), at);
    const late = dice.commits('lateCommit');
    for (const one of written) late ? exchange.publishLate(one) : exchange.publish(one);
  }

  private happening(draw: number, at: string): Written[] {
    const { random } = this.parts;
    if (draw < 20 || this.entities.length === 0) return [this.tell(this.newCase(at), at)];
    if (draw < 60 && this.open.length > 0) return [this.advance(this.open, at)];
    if (draw < 65 && this.closed.length > 0) return [this.advance(this.closed, at)];
    const entity = random.pick(this.entities);
    if (draw < 80) return [this.changeOf(entity, at)];
    if (draw < 93) return [this.renew(entity, at)];
    if (draw < 95) return [this.erase(entity, at)];
    const [listing] = this.listings.splice(0, draw < 98 ? 1 : 0);
    return listing ? [this.removalOf(listing, at)] : this.listingOf(entity, at, false);
  }

  private advance(stories: CaseStory[], at: string): Written {
    const { random } = this.parts;
    const [before] = stories.splice(random.below(stories.length), 1);
    const story = advanceStory(before!, random, at);
    this.remember(story);
    return { service: 'case', at, row: this.documents.document(story), effect: effectOf(story) };
  }

  private renew(entity: Entity, at: string): Written {
    const renewed = { ...entity, scope: `${entity.scope}；食品互联网销售` };
    this.entities[this.entities.indexOf(entity)] = renewed;
    const row = this.entityRows.row(renewed, at);
    return { service: 'entity', at, row, effect: { stands: [`MarketEntity ${entity.pripid}`] } };
  }

  private erase(entity: Entity, at: string): Written {
    this.parts.dice.counts.deletedAsError = (this.parts.dice.counts.deletedAsError ?? 0) + 1;
    this.entities.splice(this.entities.indexOf(entity), 1);
    const row = { ...this.entityRows.row(entity, at), CD_OPERATION: 'D' };
    return { service: 'entity', at, row, effect: { gone: [`MarketEntity ${entity.pripid}`] } };
  }

  /** The entities of a credit code as the query service returns them, as JSON. */
  rowsOf(creditCode: string): string[] {
    const found = this.entities.filter(entity => entity.creditCode === creditCode && creditCode !== '');
    return found.flatMap(({ pripid }) => this.parts.exchange.findEntityJson(pripid) ?? []);
  }
}

/** The record in which the advance is most visible. */
function touchedBy(before: CaseStory, after: CaseStory): Touched {
  const { caseNo } = after;
  if (after.closing && !before.closing) return { kind: 'CaseClosing', sourceId: caseNo, caseNo };
  const told = new Map(before.steps.map(step => [step.sn, JSON.stringify(step)]));
  const step = after.steps.find(({ sn, ...rest }) => told.get(sn) !== JSON.stringify({ sn, ...rest }));
  if (step) return { kind: 'Approval', sourceId: `${caseNo}/${step.sn}`, caseNo };
  return { kind: 'CaseReport', sourceId: caseNo, caseNo };
}
