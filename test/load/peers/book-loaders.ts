/** A DataLoader for each relation of a request; each sends one find for all the parents of a level. */
import type { EntityManager } from '@mikro-orm/postgresql';
import DataLoader from 'dataloader';
import type { Relation } from '../../../src/catalog/catalog.ts';
import { idOf } from './book-entities.ts';

export type Entity = { readonly id: string; readonly [field: string]: unknown };
export interface ListArguments {
  readonly first: number;
  readonly orderBy?: readonly string[] | null;
}

export class Loaders {
  private readonly loaders = new Map<string, DataLoader<string, unknown>>();

  constructor(private readonly em: EntityManager) {}

  one(noun: string, id: string): Promise<unknown> {
    return this.loader(noun, async ids => {
      const found = (await this.em.find(noun, { id: { $in: [...ids] }, deleted: false } as never)) as Entity[];
      const byId = new Map(found.map(entity => [entity.id, entity]));
      return ids.map(id => byId.get(id) ?? null);
    }).load(id);
  }

  many(relation: Relation, parent: string, args: ListArguments): Promise<unknown> {
    const key = `${relation.from.name}.${relation.name} ${JSON.stringify(args)}`;
    return this.loader(key, async parents => {
      const property = idOf(relation.link.role);
      const where = { [property]: { $in: [...parents] }, deleted: false };
      const found = (await this.em.find(
        relation.to.name,
        where as never,
        { orderBy: orderOf(args) } as never,
      )) as Entity[];
      const byParent = Map.groupBy(found, entity => entity[property]);
      return parents.map(id => ({ nodes: (byParent.get(id) ?? []).slice(0, args.first) }));
    }).load(parent);
  }

  private loader(key: string, load: (keys: readonly string[]) => Promise<unknown[]>): DataLoader<string, unknown> {
    const known = this.loaders.get(key);
    if (known) return known;
    const loader = new DataLoader<string, unknown>(load);
    this.loaders.set(key, loader);
    return loader;
  }
}

/** `submittedAt desc`, then the id. */
export function orderOf({ orderBy }: Pick<ListArguments, 'orderBy'>): Record<string, string>[] {
  const orders = (orderBy ?? []).map(order => {
    const [field, way] = order.split(' ') as [string, string];
    return { [field]: `${way} nulls last` };
  });
  return [...orders, { id: 'asc' }];
}
