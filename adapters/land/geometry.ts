/**
 * Boundaries of parcels: well-known text in Gauss-Krueger coordinates of zone 39 (EPSG:4527, eastings from 39,500,000)
 * or of the same meridian without the zone's number (EPSG:4548), into GeoJSON in longitude and latitude (EPSG:4490).
 */
import proj4 from 'proj4';
import type { Polygon, RecordOf } from '../kit/index.ts';
import type { Parcel } from './records.ts';

type Point = readonly [number, number];
type Ring = readonly Point[];
export interface Boundary {
  readonly geometry: Polygon | null;
  readonly geometryState: RecordOf<typeof Parcel>['geometryState'];
}

const ELLIPSOID = '+ellps=GRS80 +units=m +no_defs';
const meridian117 = proj4(
  `+proj=tmerc +lat_0=0 +lon_0=117 +k=1 +x_0=500000 +y_0=0 ${ELLIPSOID}`,
  '+proj=longlat +ellps=GRS80 +no_defs',
);
const ZONE_PREFIX = 39_000_000;
/** The eastings that a zone three degrees wide can hold, with room for its overlap. */
const isEasting = (metres: number) => metres > 300_000 && metres < 700_000;
/** From the south of China to its north; no easting of the zone, with or without prefix, is in this range. */
const isNorthing = (metres: number) => metres > 1_500_000 && metres < 6_500_000;
/** Seven decimals of a degree are a centimetre. */
const round = (degrees: number) => Math.round(degrees * 1e7) / 1e7;

/** The point with its easting first, whichever order the source chose; null outside the zone. */
function eastingFirst([first, second]: Point): Point | null {
  const [east, north] = isNorthing(first) ? [second, first] : [first, second];
  const easting = east >= ZONE_PREFIX ? east - ZONE_PREFIX : east;
  return isEasting(easting) && isNorthing(north) ? [easting, north] : null;
}

function readRing(text: string): Ring | null {
  const points: Point[] = [];
  for (const pair of text.split(',')) {
    const [first, second] = pair.trim().split(/\s+/).map(Number);
    const point = eastingFirst([first ?? Number.NaN, second ?? Number.NaN]);
    if (!point) return null;
    const before = points.at(-1);
    if (before?.[0] !== point[0] || before[1] !== point[1]) points.push(point);
  }
  const [start] = points;
  const end = points.at(-1);
  if (start && end && (start[0] !== end[0] || start[1] !== end[1])) points.push(start);
  return points.length < 4 ? null : points;
}

/** Twice the signed area of a triangle: positive when it turns left. */
const turn = (a: Point, b: Point, c: Point): number => (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]);
const between = (a: Point, b: Point, p: Point): boolean =>
  Math.min(a[0], b[0]) <= p[0] &&
  p[0] <= Math.max(a[0], b[0]) &&
  Math.min(a[1], b[1]) <= p[1] &&
  p[1] <= Math.max(a[1], b[1]);

function meet(a: Point, b: Point, c: Point, d: Point): boolean {
  const [c1, d1, a2, b2] = [turn(a, b, c), turn(a, b, d), turn(c, d, a), turn(c, d, b)];
  if (c1 * d1 < 0 && a2 * b2 < 0) return true;
  return (
    (c1 === 0 && between(a, b, c)) ||
    (d1 === 0 && between(a, b, d)) ||
    (a2 === 0 && between(c, d, a)) ||
    (b2 === 0 && between(c, d, b))
  );
}

function crossesItself(ring: Ring): boolean {
  const sides = ring.length - 1;
  for (let first = 0; first < sides; first++) {
    for (let second = first + 2; second < sides; second++) {
      // The last side ends where the first one starts.
      if (first === 0 && second === sides - 1) continue;
      if (meet(ring[first]!, ring[first + 1]!, ring[second]!, ring[second + 1]!)) return true;
    }
  }
  return false;
}

const signedArea = (ring: Ring): number =>
  ring.slice(1).reduce((sum, point, at) => sum + ring[at]![0] * point[1] - point[0] * ring[at]![1], 0);

/** GeoJSON wants the outer ring counter-clockwise and holes clockwise. */
const wound = (ring: Ring, outer: boolean): Ring => (signedArea(ring) > 0 === outer ? ring : ring.toReversed());

/** Never rejects a parcel because of its drawing: `geometryState` says why there is none. */
export function readBoundary(text: string | null): Boundary {
  if (text === null) return { geometry: null, geometryState: 'ABSENT' };
  const body = /^POLYGON\s*\(\s*\(([-\d\s.,()]+)\)\s*\)$/i.exec(text)?.[1];
  const rings = body?.split(/\)\s*,\s*\(/).map(readRing) ?? [];
  if (rings.length === 0 || rings.includes(null)) return { geometry: null, geometryState: 'UNREADABLE' };
  const readable = rings as Ring[];
  if (readable.some(crossesItself)) return { geometry: null, geometryState: 'SELF_INTERSECTING' };
  const coordinates = readable.map((ring, at) => wound(ring, at === 0).map(toDegrees));
  return { geometry: { type: 'Polygon', coordinates }, geometryState: 'SOUND' };
}

function toDegrees([easting, northing]: Point): [number, number] {
  const [longitude, latitude] = meridian117.forward([easting, northing]);
  return [round(longitude), round(latitude)];
}
