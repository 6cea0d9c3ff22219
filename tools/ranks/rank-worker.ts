import { writeSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { Leader, type LeaderOptions, type Report } from './leader';
import { Member, type MemberOptions } from './member';

/** What the thread is started with. */
export interface RankWorkerData {
  readonly role: { readonly leads: LeaderOptions } | { readonly follows: MemberOptions };
  /** Where it says why it ends the process, if it has to; what rank 0 says need not be said twice. */
  readonly lastWord: { readonly descriptor: number; readonly isForOrphans: boolean };
}

/** What the thread is told. `heard`: the process is going to end by itself. */
export type Order = { readonly kind: 'close'; readonly reason?: string } | { readonly kind: 'heard' };

/**
 * The thread of a rank that keeps in touch with the others: a step of training is one call that lets the main thread hear nothing
 * until it returns. Where that takes too long, this one ends the process.
 */
function main(port: NonNullable<typeof parentPort>, { role, lastWord }: RankWorkerData): void {
  let force: NodeJS.Timeout | undefined;
  const { timing } = 'leads' in role ? role.leads : role.follows;
  const report = (what: Report): void => {
    port.postMessage(what);
    if (what.kind === 'closed') port.close();
    if (what.kind !== 'lost') return;
    force = setTimeout(() => {
      if (!(what.isTold && lastWord.isForOrphans)) writeSync(lastWord.descriptor, `${what.reason}\n`);
      process.kill(process.pid, 'SIGKILL');
    }, timing.deadline - what.silent);
  };
  const place = 'leads' in role ? new Leader(role.leads, report) : new Member(role.follows, report);
  port.on('message', (order: Order) => {
    clearTimeout(force);
    if (order.kind === 'close') place.close(order.reason);
  });
}

if (parentPort) main(parentPort, workerData as RankWorkerData);
