/**
 * Keeps a second account of what agencies have sent to a hub: adapters are watched while they read, and the reference
 * hub counts.
 */
import type { Adapter, AgencySource } from '../../adapters/kit/contract.ts';
import type { RecordKind } from '../../adapters/kit/record.ts';
import { ReferenceHub } from './reference-hub.ts';

export class ToldRecords {
  private readonly hubs = new Map<string, ReferenceHub>();
  private readonly kinds = new Map<string, RecordKind>();

  /** Returns the same adapter, but records whatever it reads. */
  watch(adapter: Adapter): Adapter {
    const reference = new ReferenceHub(adapter);
    this.hubs.set(adapter.agency.code, reference);
    for (const kind of [...adapter.records, ...adapter.hallRecords]) this.kinds.set(kind.name, kind);
    const watched = (source: AgencySource<unknown>): AgencySource<unknown> => ({
      ...(source.changes && {
        changes: async (...args) => {
          const page = await source.changes!(...args);
          reference.take(page.items, 'to store');
          return page;
        },
      }),
      ...(source.push && {
        push: {
          admit: headers => source.push!.admit(headers),
          read: async delivery => {
            const items = await source.push!.read(delivery);
            reference.take(items);
            return items;
          },
        },
      }),
      ...(source.lookup && { lookup: (...args) => source.lookup!(...args) }),
      close: async () => source.close?.(),
    });
    return { ...adapter, connect: (settings, io) => watched(adapter.connect(settings, io)) };
  }

  /** Records of a kind that are not deleted, with normalised identifiers. */
  of(kind: string): Record<string, unknown>[] {
    const { fields } = this.kinds.get(kind)!;
    return [...this.hubs].flatMap(([agency, { records }]) =>
      [...records.values()]
        .filter(statement => statement.kind === kind && !statement.deleted)
        .map(({ data }) => ({
          agency,
          ...Object.fromEntries(
            Object.entries(data!).map(([name, value]) => {
              const format = fields[name]?.format;
              return [name, format && typeof value === 'string' ? format.normalise(value) : value];
            }),
          ),
        })),
    );
  }
}
