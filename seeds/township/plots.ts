/** Plots of the town: a homestead for each local household, contracted fields, and construction land of businesses. */
import type { Business, Plot, Random, Resident, Village } from './model.ts';

type Kind = Plot['kind'];
interface Draft {
  readonly kind: Kind;
  readonly villageCode: string;
  readonly location: string;
  readonly holderIds: readonly string[];
}

/** Ownership (J 集体, G 国家) and parcel type, as they stand in the parcel code. */
const PARCEL_TYPE: Record<Kind, string> = { HOMESTEAD: 'JC', CONSTRUCTION: 'GB', CONTRACTED: 'JD' };
/** The town's approximate bounding box, in degrees; each village has a cell of it. */
const WEST = 116.5;
const SOUTH = 36.84;
const WIDTH = 0.2;
const HEIGHT = 0.14;
const METRES_PER_DEGREE = { longitude: 89_000, latitude: 111_000 };

function* drafts(random: Random, residents: readonly Resident[], businesses: readonly Business[]): Generator<Draft> {
  const spouses = new Map(residents.filter(r => r.relation === '02').map(r => [r.householdNo, r.residentId]));
  for (const head of residents) {
    if (head.relation !== '01' || head.migrant) continue;
    const { residentId, householdNo, villageCode, address: location } = head;
    const spouse = spouses.get(householdNo);
    const together = spouse && random.chance(0.2) ? [residentId, spouse] : [residentId];
    yield { kind: 'HOMESTEAD', villageCode, location, holderIds: together };
    if (random.chance(0.45)) {
      const field = `${location.replace(/\d+号$/, '')}${random.pick(['村东', '村西', '村南', '村北'])}承包地`;
      yield { kind: 'CONTRACTED', villageCode, location: field, holderIds: [residentId] };
    }
  }
  for (const { type, creditCode, villageCode, address: location } of businesses) {
    if (type === 'SOLE_TRADER' || !random.chance(0.4)) continue;
    yield { kind: 'CONSTRUCTION', villageCode, location, holderIds: [creditCode] };
  }
}

const areaOf = (random: Random, kind: Kind): number => {
  if (kind === 'HOMESTEAD') return 132 + random.below(133);
  return kind === 'CONTRACTED' ? 700 + random.below(2600) : 500 + random.below(3500);
};

const round = (degrees: number): number => Math.round(degrees * 1e7) / 1e7;

/** A rectangle of the wanted area around the middle of its slot, closed, counter-clockwise. */
function ringOf([x, y]: readonly [number, number], areaM2: number, ratio: number): Plot['ring'] {
  const dx = Math.sqrt(areaM2 * ratio) / 2 / METRES_PER_DEGREE.longitude;
  const dy = Math.sqrt(areaM2 / ratio) / 2 / METRES_PER_DEGREE.latitude;
  const corners = [
    [x - dx, y - dy],
    [x + dx, y - dy],
    [x + dx, y + dy],
    [x - dx, y + dy],
    [x - dx, y - dy],
  ] as const;
  return corners.map(([east, north]) => [round(east), round(north)] as const);
}

export function makePlots(
  random: Random,
  villages: readonly Village[],
  residents: readonly Resident[],
  businesses: readonly Business[],
): Plot[] {
  const all = [...drafts(random, residents, businesses)];
  const villageNumber = new Map(villages.map(({ code }, at) => [code, at]));
  const counts = new Map<string, number>();
  for (const { villageCode } of all) counts.set(villageCode, (counts.get(villageCode) ?? 0) + 1);
  const cells = Math.ceil(Math.sqrt(villages.length));
  const taken = new Map<string, number>();
  return all.map(draft => {
    const { kind, villageCode } = draft;
    const village = villageNumber.get(villageCode)!;
    const slot = taken.get(villageCode) ?? 0;
    taken.set(villageCode, slot + 1);
    const slots = Math.ceil(Math.sqrt(counts.get(villageCode)!));
    const areaM2 = areaOf(random, kind);
    const middle = [
      WEST + (WIDTH / cells) * ((village % cells) + ((slot % slots) + 0.5) / slots),
      SOUTH + (HEIGHT / cells) * (Math.floor(village / cells) + (Math.floor(slot / slots) + 0.5) / slots),
    ] as const;
    const subArea = String(village + 1).padStart(3, '0');
    const parcelCode = `371482101${subArea}${PARCEL_TYPE[kind]}${String(slot + 1).padStart(5, '0')}`;
    const unitCode = parcelCode + (kind === 'CONTRACTED' ? 'W00000000' : 'F00010001');
    return { ...draft, parcelCode, unitCode, areaM2, ring: ringOf(middle, areaM2, 0.7 + random.below(60) / 100) };
  });
}
