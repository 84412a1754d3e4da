/** Progress bars while the demo's agencies are read for the first time. */
import type { Ledger } from '../../seeds/systems/pretend-system.ts';
import type { DemoTown } from './demo-town.ts';

export interface Synchronised {
  readonly agency: string;
  readonly protocol: string;
  /** Records that arrived, stored or parked, repeated ones too. */
  readonly read: number;
  readonly parked: number;
  readonly seconds: number;
}

const width = 30;
const redrawMs = 200;

/** Waits until no agency has more to send. Fails after `timeoutMs`, naming the agencies that still have. */
export async function synchronise(town: DemoTown, timeoutMs: number): Promise<Synchronised[]> {
  const { systems, hub } = town;
  const connected = new Set(hub.adapters.map(a => a.agency.code));
  const missing = systems.map(s => s.agency).filter(code => !connected.has(code));
  if (missing.length) throw new Error(`The hub is not connected to ${missing.join(', ')}: is HUB_AGENCIES set?`);
  const from = performance.now();
  const expected = new Map<string, number>();
  for (const system of systems) expected.set(system.agency, total(await system.ledger()));
  const delivered = new Set<string>();
  for (const system of systems)
    system.ask({ do: 'drained' }).then(
      () => delivered.add(system.agency),
      () => {},
    );
  const bars = new Bars(hub.adapters.map(a => a.agency.code));
  const done = new Map<string, Synchronised>();
  while (done.size < systems.length) {
    const freshness = await hub.health.list();
    for (const { agency, modes } of hub.adapters) {
      const { code, protocol } = agency;
      const health = freshness.get(code);
      const complete = Boolean(health?.caughtUpAt) && (!modes.includes('push') || delivered.has(code));
      const read = health?.recordsRead ?? 0;
      bars.set(code, complete ? 1 : Math.min(0.99, read / (expected.get(code) || 1)), read);
      if (!complete || done.has(code)) continue;
      done.set(code, {
        agency: code,
        protocol,
        read,
        parked: health!.parked,
        seconds: (performance.now() - from) / 1000,
      });
    }
    bars.draw();
    if (done.size === systems.length) break;
    if (performance.now() - from > timeoutMs) {
      throw new Error(
        `Not synchronised in time: ${systems
          .map(s => s.agency)
          .filter(code => !done.has(code))
          .join(', ')}`,
      );
    }
    await new Promise(resolve => setTimeout(resolve, redrawMs));
  }
  return [...done.values()];
}

const total = ({ records, deleted, parked }: Ledger) =>
  [...Object.values(records), ...Object.values(deleted)].reduce((sum, n) => sum + n, parked);

/** One line for each agency, redrawn on a terminal; elsewhere a line when one is complete. */
class Bars {
  private readonly state = new Map<string, { share: number; count: number }>();
  private drawn = false;

  constructor(private readonly names: readonly string[]) {}

  set(name: string, share: number, count: number): void {
    const before = this.state.get(name);
    this.state.set(name, { share, count });
    if (!process.stdout.isTTY && share === 1 && before?.share !== 1) console.log(this.line(name));
  }
  draw(): void {
    if (!process.stdout.isTTY) return;
    if (this.drawn) process.stdout.write(`\u001b[${this.names.length}A`);
    this.drawn = true;
    for (const name of this.names) process.stdout.write(`\u001b[2K${this.line(name)}\n`);
  }
  private line(name: string): string {
    const { share, count } = this.state.get(name) ?? { share: 0, count: 0 };
    const filled = Math.round(share * width);
    return `  ${name.padEnd(16)} [${'#'.repeat(filled)}${'.'.repeat(width - filled)}] ${String(Math.floor(share * 100)).padStart(3)} %  ${count.toLocaleString('en')} records`;
  }
}
