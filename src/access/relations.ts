/** What a relation between a reader and rows means for each noun. */
import { isStated, type StoredNoun } from '../catalog/catalog.ts';
import type { PolicyGround } from './policy.ts';
import type { Principal } from './principal.ts';
import { anyOf, everyOf, linksTo, type RowRule } from './rows.ts';
import type { RowRelation } from './rules.ts';
import type { SharingGrant } from './sharing.ts';

/** Ids of nouns by their keys, as the store makes them. */
export type IdOf = (noun: string, key: string) => string;

export interface Relations {
  rows(relation: RowRelation, noun: StoredNoun): RowRule;
  /** What belongs to a case that is open: itself, its parts, its applicant, and what is about the applicant. */
  ofCase(caseNo: string, noun: StoredNoun): RowRule;
}

export function makeRelations({ catalog, idOf, town, grants }: PolicyGround, principal: Principal): Relations {
  const { agency, host, village, role, purpose } = principal;
  // An officer's rights need both organisations: the bureau that employs them and the town that they work for.
  const belongs = role !== 'officer' || host === town;
  const meanings: Record<RowRelation, (noun: StoredNoun) => RowRule> = {
    everything: () => 'all',
    open: noun => (noun.kind.open ? 'all' : 'none'),
    'own agency': noun => (agency && belongs ? ofAgency(agency, noun) : 'none'),
    'shared with own agency': noun => (agency && belongs ? shared(grants, noun) : 'none'),
    'own village': noun => (village ? ofVillage(idOf('Region', village), noun) : 'none'),
  };

  /** What was shared for one matter is not shown for another. */
  function shared(all: readonly SharingGrant[], noun: StoredNoun): RowRule {
    const fitting = all.filter(
      grant =>
        grant.taker === agency &&
        grant.kinds.includes(noun.name) &&
        purpose?.kind === 'matter' &&
        purpose.value === grant.matterCode,
    );
    return anyOf(fitting.map((grant): RowRule => ({ column: 'agency', is: grant.giver })));
  }

  function ofAgency(code: string, noun: StoredNoun): RowRule {
    if (isStated(noun)) return noun.agencies.includes(code) ? { column: 'agency', is: code } : 'none';
    if (noun.name === 'Case') {
      const step: RowRule = { has: 'Approval', link: 'about_case', where: { column: 'agency', is: code } };
      return anyOf([{ column: 'lead_agency_code', is: code }, step]);
    }
    // A person or an organisation about whom the agency states something.
    return anyOf(
      catalog.all().flatMap(other => {
        if (!isStated(other) || !other.agencies.includes(code)) return [];
        return linksTo(other, noun.name).map(
          (link): RowRule => ({ has: other.name, link, where: { column: 'agency', is: code } }),
        );
      }),
    );
  }

  function ofVillage(region: string, noun: StoredNoun): RowRule {
    const direct = linksTo(noun, 'Region').map((column): RowRule => ({ column, is: region }));
    if (direct.length) return anyOf(direct);
    const ofCase = linksTo(noun, 'Case').map(
      (link): RowRule => ({ link, noun: 'Case', where: ofVillage(region, catalog.stored('Case')) }),
    );
    if (ofCase.length) return anyOf(ofCase);
    if (isStated(noun)) return 'none';
    return anyOf(
      catalog
        .all()
        .flatMap(other =>
          linksTo(other, noun.name).flatMap(link =>
            linksTo(other, 'Region').map(
              (column): RowRule => ({ has: other.name, link, where: { column, is: region } }),
            ),
          ),
        ),
    );
  }

  function ofCase(caseNo: string, noun: StoredNoun): RowRule {
    const open: RowRule = everyOf([
      { column: 'id', is: idOf('Case', caseNo) },
      { column: 'state', isNot: 'CLOSED' },
    ]);
    if (noun.name === 'Case') return open;
    const applicantOf = (target: string): RowRule =>
      anyOf(linksTo(catalog.stored('Case'), target).map((link): RowRule => ({ has: 'Case', link, where: open })));
    if (noun.origin === 'derived') return applicantOf(noun.name);
    const part = linksTo(noun, 'Case').map((link): RowRule => ({ link, noun: 'Case', where: open }));
    const about = ['Person', 'Organisation'].flatMap(target =>
      linksTo(noun, target).map((link): RowRule => ({ link, noun: target, where: applicantOf(target) })),
    );
    return anyOf([...part, ...about]);
  }

  return { rows: (relation, noun) => meanings[relation](noun), ofCase };
}
