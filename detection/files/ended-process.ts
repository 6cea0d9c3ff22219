/** Whether no process of this machine has this number (any more). */
export function hasEnded(pid: number): boolean {
  try {
    process.kill(pid, 0); // asks, does nothing
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}
