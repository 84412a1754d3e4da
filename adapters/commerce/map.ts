/** Restates the register's rows as records of the hub. */
import {
  put,
  type RecordKind,
  type RecordOf,
  Rejection,
  readCode,
  readDate,
  readInstant,
  readOperationCode,
  readText,
  remove,
  required,
  type Source,
  type Statement,
  versionOf,
} from '../kit/index.ts';
import { readCapital } from './capital.ts';
import { mapCase } from './case-map.ts';
import { abnormalListingReason, businessChangeItem, marketEntityState, marketEntityType } from './codes.ts';
import { findSectionOfClass, industrySection } from './industry.ts';
import { AbnormalListing, BusinessChange, MarketEntity } from './records.ts';
import { type FeedService, type Native, plainText, type Row } from './wire.ts';

const readers: Readonly<Record<FeedService, { idField: string; read(row: Row, id: string): readonly Statement[] }>> = {
  entity: { idField: 'PRIPID', read: (row, id) => [stated(MarketEntity, row, id, readEntity)] },
  change: { idField: 'ALTID', read: (row, id) => [stated(BusinessChange, row, id, readChange)] },
  abnormal: { idField: 'ABNID', read: (row, id) => [stated(AbnormalListing, row, id, readListing)] },
  case: { idField: 'PROJID', read: mapCase },
};

/** Throws a `Rejection` that names the source's field, with the record's id where the row has one. */
export function map({ service, row }: Native): readonly Statement[] {
  const { idField, read } = readers[service];
  const id = required(idField, plainText(row[idField]));
  try {
    return read(row, id);
  } catch (error) {
    throw error instanceof Rejection ? new Rejection(error.field, error.reason, id) : error;
  }
}

/**
 * The register's time of change decides; it has whole seconds, so the exchange's number of the row decides within one.
 * A row that is exchanged again keeps its number.
 */
function sourceOf(row: Row, sourceId: string): Source {
  const updatedAt = required('UPDATETIME', readInstant('UPDATETIME', plainText(row.UPDATETIME)));
  const sequence = required('S_EXT_SEQUENCE', plainText(row.S_EXT_SEQUENCE));
  return { sourceId, version: versionOf(updatedAt, sequence.padStart(20, '0')), asOf: updatedAt };
}

function stated<K extends RecordKind>(
  kind: K,
  row: Row,
  id: string,
  read: (row: Row, id: string) => RecordOf<K>,
): Statement {
  const source = sourceOf(row, id);
  if (readOperationCode('CD_OPERATION', ['I', 'U', 'D'], row.CD_OPERATION) !== 'D')
    return put(kind, source, read(row, id));
  try {
    return remove(kind, source, read(row, id));
  } catch (error) {
    // The rest of a deleted row may be anything.
    if (error instanceof Rejection) return remove(kind, source);
    throw error;
  }
}

/** Windows type words where the specification has numbers. */
const codeOf = <V extends string>(field: string, table: Parameters<typeof readCode<V>>[1], raw: unknown): V | null => {
  const text = plainText(raw);
  return readCode(field, table, text && /^\d+$/.test(text) ? 'number' : 'words', text);
};
const dateOf = (row: Row, field: string): string | null => readDate(field, plainText(row[field]));

function readEntity(row: Row, entityNo: string): RecordOf<typeof MarketEntity> {
  const termTo = dateOf(row, 'OPTO');
  return {
    entityNo,
    creditCode: readText(row.UNISCID),
    registrationNo: readText(row.REGNO),
    name: required('ENTNAME', readText(row.ENTNAME)),
    type: required('ENTTYPE', codeOf('ENTTYPE', marketEntityType, row.ENTTYPE)),
    state: required('REGSTATE', codeOf('REGSTATE', marketEntityState, row.REGSTATE)),
    legalRepresentativeName: readText(row.LEREP),
    legalRepresentativeId: readText(row.CERNO),
    phone: readText(row.TEL),
    ...readCapital(row),
    establishedOn: required('ESTDATE', dateOf(row, 'ESTDATE')),
    termFrom: dateOf(row, 'OPFROM'),
    termTo,
    // An empty field means 长期 too.
    longTerm: termTo === null,
    approvedOn: dateOf(row, 'APPRDATE'),
    scope: readText(row.OPSCOPE),
    address: readText(row.DOM),
    regionCode: readText(row.DOMDISTRICT),
    ...readIndustry(row),
    registrarCode: readText(row.REGORG),
  };
}

/** Both codes are kept as stated, because the hub does not know which of the two is wrong. */
function readIndustry(row: Row) {
  const letter = plainText(row.INDUSTRYPHY)?.toUpperCase() ?? null;
  const section = readCode('INDUSTRYPHY', industrySection, 'gbt4754-2017', letter);
  const industryClass = plainText(row.INDUSTRYCO)?.replace(/^[A-Ta-t](?=\d)/, '') ?? null;
  const derived = industryClass && findSectionOfClass(industryClass);
  return {
    industrySection: section,
    industryClass,
    industryMismatch: section !== null && industryClass !== null && section !== derived,
  };
}

function readChange(row: Row, changeNo: string): RecordOf<typeof BusinessChange> {
  const item = required('ALTITEM', codeOf('ALTITEM', businessChangeItem, row.ALTITEM));
  const [before, after] = [readText(row.ALTBE), readText(row.ALTAF)];
  return {
    changeNo,
    entityNo: required('PRIPID', plainText(row.PRIPID)),
    creditCode: readText(row.UNISCID),
    item,
    ...(item === 'REPRESENTATIVE' ? { representativeBefore: before, representativeAfter: after } : { before, after }),
    changedOn: required('ALTDATE', dateOf(row, 'ALTDATE')),
  };
}

function readListing(row: Row, listingNo: string): RecordOf<typeof AbnormalListing> {
  const removedOn = dateOf(row, 'REMDATE');
  return {
    listingNo,
    entityNo: required('PRIPID', plainText(row.PRIPID)),
    creditCode: readText(row.UNISCID),
    entityName: required('ENTNAME', readText(row.ENTNAME)),
    reason: required('SPECAUSE', codeOf('SPECAUSE', abnormalListingReason, row.SPECAUSE)),
    state: removedOn === null ? 'LISTED' : 'REMOVED',
    listedOn: required('ABNTIME', dateOf(row, 'ABNTIME')),
    listedBy: readText(row.DECORG),
    removedOn,
    removedBy: readText(row.REDECORG),
    removalReason: readText(row.REMEXCPRES),
  };
}
