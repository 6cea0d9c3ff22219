import { readFileSync } from 'node:fs';
import os from 'node:os';

/** Cores that a measured process may use, whichever side it is of: what a user's laptop has at least. */
export const BENCHMARK_THREADS = 2;

/** How much memory this process has now, all that it has loaded included. Linux only. */
export function residentMegabytes(): number {
  const kilobytes = /^VmRSS:\s*(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'));
  if (!kilobytes) throw new Error('/proc/self/status has no VmRSS');
  return Number(kilobytes[1]) / 1024;
}

/** Of /proc: a hundredth of a second. */
const TICKS_PER_SECOND = 100;

/** CPU seconds that the whole machine has spent on work so far. */
function machineCpuSeconds(): number {
  const [, user, nice, system, , , irq, softirq] = readFileSync('/proc/stat', 'utf8')
    .split('\n')[0]
    .split(/ +/)
    .map(Number);
  return (user + nice + system + irq + softirq) / TICKS_PER_SECOND;
}

/** CPU seconds of this process, in user and system mode, then the same of the children that it has waited for. */
function ownTimes(): number[] {
  // The second field, a name in parentheses, may hold anything.
  const fields = readFileSync('/proc/self/stat', 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ')
    .map(Number);
  return fields.slice(11, 15).map((ticks) => ticks / TICKS_PER_SECOND);
}

/** CPU seconds that this process and the children that it has waited for have spent so far. */
function ownCpuSeconds(): number {
  return ownTimes().reduce((sum, seconds) => sum + seconds);
}

/** CPU seconds that the children that this process has waited for have spent. Linux only. */
export function childrenCpuSeconds(): number {
  const [, , user, system] = ownTimes();
  return user + system;
}

/** From this share of one core on, other work says more about a timing than the program does. */
const DISTURBED_FROM = 0.1;

/** Watches whether other work takes the cores while something is timed. Linux only. */
export class OtherWork {
  private readonly start = performance.now();
  private readonly others = machineCpuSeconds() - ownCpuSeconds();

  /** Whether the time since the watch began is not to be trusted. */
  get disturbs(): boolean {
    const others = machineCpuSeconds() - ownCpuSeconds() - this.others;
    return others / ((performance.now() - this.start) / 1000) > DISTURBED_FROM;
  }
}

/** Instructions that decide how fast bfloat16 and float32 are, as Linux calls them. */
const INSTRUCTIONS = ['avx2', 'avx512f', 'avx512_bf16', 'amx_bf16', 'amx_tile'];

/** The processor's name, as it calls itself, and which of the instructions that matter it has. Linux only. */
export function describeProcessor(): { readonly model: string; readonly instructions: readonly string[] } {
  const flags = /^flags\s*:(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1].trim().split(' ');
  return {
    model: os.cpus()[0]?.model.trim() ?? 'unknown',
    instructions: INSTRUCTIONS.filter((name) => flags?.includes(name)),
  };
}
