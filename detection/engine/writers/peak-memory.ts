import { readFileSync } from 'node:fs';

/**
 * The most memory, in bytes, that the process has had resident since it started. Linux's VmHWM where there is one:
 * what getrusage tells may be that of the program which started this one.
 */
export function peakMemoryBytes(): number {
  try {
    const kilobytes = /^VmHWM:\s*(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
    if (kilobytes !== undefined) return Number(kilobytes) * 1024;
  } catch {
    // Not Linux.
  }
  return process.resourceUsage().maxRSS * 1024;
}
