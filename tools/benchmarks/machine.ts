import { readFileSync } from 'node:fs';

/** Cores that a measured process may use, whichever side it is of: what a user's laptop has at least. */
export const BENCHMARK_THREADS = 2;

/** How much memory this process has now, all that it has loaded included. Linux only. */
export function residentMegabytes(): number {
  const kilobytes = /^VmRSS:\s*(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'));
  if (!kilobytes) throw new Error('/proc/self/status has no VmRSS');
  return Number(kilobytes[1]) / 1024;
}

/** Seconds so far in which some task of the machine waited for a core; undefined where the kernel does not say. */
function stalledSeconds(): number | undefined {
  try {
    const total = /^some .*total=(\d+)$/m.exec(readFileSync('/proc/pressure/cpu', 'utf8'));
    return total ? Number(total[1]) / 1e6 : undefined;
  } catch {
    return undefined;
  }
}

/** From this share of stalled time on a timing says more about the machine's other work than about the program. */
const DISTURBED_FROM = 0.15;

/** Watches whether other work takes the cores while something is timed. */
export class Pressure {
  private readonly start = performance.now();
  private readonly stalledAtStart = stalledSeconds();

  /** Whether the time since the watch began is not to be trusted; undefined where the kernel does not say. */
  get disturbed(): boolean | undefined {
    const stalled = stalledSeconds();
    if (stalled === undefined || this.stalledAtStart === undefined) return undefined;
    return (stalled - this.stalledAtStart) / ((performance.now() - this.start) / 1000) > DISTURBED_FROM;
  }
}

/** The middle one; of an even number the upper of the two in the middle. */
export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
}
