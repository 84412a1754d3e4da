/** The bit in which somebody stands, by the last byte of his id: as `query/groups/person-bits.ts` says it to PostgreSQL. */
export const bitOf = (id: string): bigint => 1n << (BigInt(`0x${id.slice(-2)}`) & 63n);
