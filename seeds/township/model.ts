/**
 * The invented town, as all five pretend agency systems know it. Each states its part in its own form and with faults.
 */

export interface Resident {
  readonly residentId: string;
  readonly name: string;
  readonly sex: 'MALE' | 'FEMALE';
  /** Day of birth, `1950-01-31`. */
  readonly born: string;
  /** GB/T 3304 number, two digits. */
  readonly nation: string;
  readonly householdNo: string;
  /** GB/T 4761: 01 the head of the household, 02 spouse, 20 son, 30 daughter, ... */
  readonly relation: string;
  readonly villageCode: string;
  readonly address: string;
  readonly phone: string;
  /** Set for residents who died in the last two years; the police know, some agencies do not yet. */
  readonly diedOn: string | null;
  /** Comes from elsewhere and lives here on a residence permit. */
  readonly migrant: boolean;
}

export interface Business {
  readonly creditCode: string;
  /** 15 digits; old businesses and sole traders. */
  readonly registrationNo: string | null;
  readonly name: string;
  readonly type: 'COMPANY' | 'SOLE_TRADER' | 'COOPERATIVE' | 'VILLAGE_COLLECTIVE';
  readonly representativeId: string;
  readonly representativeName: string;
  readonly phone: string;
  readonly villageCode: string;
  readonly address: string;
  /** GB/T 4754-2017: letter and four digits. */
  readonly industry: { readonly section: string; readonly class: string };
  readonly capitalYuan: number;
  readonly establishedOn: string;
  readonly deregisteredOn: string | null;
  /** Sells, makes or serves food or drugs, so the food and drug outpost knows it. */
  readonly trade: 'FOOD_RETAIL' | 'CATERING' | 'FOOD_WORKSHOP' | 'PHARMACY' | null;
}

export interface Plot {
  /** 19 characters (宗地代码) and the 28 of its real-estate unit (不动产单元代码). */
  readonly parcelCode: string;
  readonly unitCode: string;
  readonly kind: 'HOMESTEAD' | 'CONSTRUCTION' | 'CONTRACTED';
  readonly villageCode: string;
  readonly location: string;
  readonly areaM2: number;
  /** Resident ids; for construction land the credit code of the business. */
  readonly holderIds: readonly string[];
  /** Closed ring of [longitude, latitude], EPSG:4490. */
  readonly ring: readonly (readonly [number, number])[];
}

export interface Village {
  readonly code: string;
  readonly name: string;
}

export interface Township {
  readonly seed: number;
  /** The town's present day when the systems start, `2026-11-23`; everything lies before it. */
  readonly today: string;
  readonly villages: readonly Village[];
  readonly residents: readonly Resident[];
  readonly businesses: readonly Business[];
  readonly plots: readonly Plot[];
  /** A seeded stream of its own for each purpose, so that systems do not disturb each other. */
  random(purpose: string): Random;
}

export interface Random {
  /** 0 <= n < bound, an integer. */
  below(bound: number): number;
  /** True in `share` of all calls. */
  chance(share: number): boolean;
  pick<T>(list: readonly T[]): T;
  /** A day between two, inclusive. */
  day(from: string, to: string): string;
}
