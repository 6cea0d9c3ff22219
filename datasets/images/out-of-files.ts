/** Whether the process, or the machine, has as many files open as it may: no picture is to blame. */
export function isOutOfFiles({ message }: Error): boolean {
  // In words, as a thread that cannot start has another code.
  return /\bE[MN]FILE\b/.test(message);
}
