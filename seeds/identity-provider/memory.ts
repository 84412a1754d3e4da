/** The provider's store, in memory: sessions, codes, grants. It survives a rotation of keys, but not the process. */
import type { Adapter, AdapterFactory, AdapterPayload } from 'oidc-provider';

interface Entry {
  readonly payload: AdapterPayload;
  readonly until: number;
}
/** The oldest entries are removed first. */
const maxEntries = 10_000;

export function makeMemory(): AdapterFactory {
  const entries = new Map<string, Entry>();
  const find = (fits: (payload: AdapterPayload) => boolean, model: string) => {
    for (const [key, { payload }] of entries) if (key.startsWith(`${model} `) && fits(payload)) return payload;
    return undefined;
  };
  return (model: string): Adapter => ({
    async upsert(id, payload, expiresIn) {
      const seconds = expiresIn || Number.POSITIVE_INFINITY;
      entries.set(`${model} ${id}`, { payload, until: Date.now() + seconds * 1000 });
      const oldest = entries.keys().next().value;
      if (entries.size > maxEntries && oldest) entries.delete(oldest);
    },
    async find(id) {
      const entry = entries.get(`${model} ${id}`);
      return entry && entry.until > Date.now() ? entry.payload : undefined;
    },
    async findByUid(uid) {
      return find(payload => payload.uid === uid, model);
    },
    async findByUserCode(userCode) {
      return find(payload => payload.userCode === userCode, model);
    },
    async consume(id) {
      const entry = entries.get(`${model} ${id}`);
      if (entry) entry.payload.consumed = Math.floor(Date.now() / 1000);
    },
    async destroy(id) {
      entries.delete(`${model} ${id}`);
    },
    async revokeByGrantId(grantId) {
      for (const [key, { payload }] of entries) if (payload.grantId === grantId) entries.delete(key);
    },
  });
}
