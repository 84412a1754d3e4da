/** The faults in the land outpost's records, and how often they occur. */
import type { FaultRates } from '../pretend-system.ts';

export const usualFaults = {
  /** The same version written twice. */
  doubled: 0.02,
  /** A later version written before an earlier one. */
  outOfOrder: 0.1,
  areaInMu: 0.25,
  areaInHectares: 0.05,
  /** North first. */
  swappedAxes: 0.08,
  /** Eastings without the number of the zone. */
  withoutZone: 0.05,
  selfIntersecting: 0.005,
  withoutBoundary: 0.01,
  /** Only the old cadastral number beside the unit's code. */
  oldNumberOnly: 0.02,
  spacedUnit: 0.1,
  /** 27 characters in a parcel: kept without its unit. */
  shortParcelUnit: 0.004,
  /** A third and a fourth holder. */
  manyHolders: 0.03,
  /** Several holders, and the number of the first one only. */
  missingNumber: 0.1,
  spreadName: 0.02,
  lowerCaseX: 0.5,
  legacyId: 0.02,
  fullWidthId: 0.02,
  /** A wrong check digit: kept, linked to nobody. */
  wrongId: 0.004,
  oddDate: 0.2,
  shortRegion: 0.1,
  wideOrgCode: 0.3,
  severalCertificates: 0.1,
  /** The whole life of a step within one batch. */
  sameTime: 0.4,
  /** A step that was entered by mistake and taken back. */
  mistakenStep: 0.02,
  /** Deletions that say nothing but the row's id. */
  bareDeletion: 0.5,
  // The others cannot be read and are parked.
  shortRightUnit: 0.004,
  impossibleDate: 0.004,
  unknownAreaUnit: 0.004,
  unknownStatus: 0.003,
  unknownEvent: 0.004,
  missingCase: 0.002,
} as const satisfies FaultRates;

export type FaultName = keyof typeof usualFaults;
