/** What a rank runs that rank 0 has started on the same machine. It says nothing, unless rank 0 is gone. */
import { writeSync } from 'node:fs';
import { InputError } from '../../../detection/errors';
import { LAST_WORD, PLACE_VARIABLE } from '../../ranks/launch';
import type { Membership } from '../../ranks/membership';
import { followRanks } from './open-ranks';
import { trainShare } from './train-share';

async function main(): Promise<void> {
  const place = JSON.parse(process.env[PLACE_VARIABLE] ?? 'null') as Membership;
  try {
    await followRanks(place, null, (ranks, task) => trainShare(task, undefined, ranks));
  } catch (error) {
    process.exitCode = 2;
    const isOrphan = error instanceof InputError && error.facts['isTold'] === false;
    if (isOrphan) writeSync(LAST_WORD, `${error.message}\n`);
  }
}

void main();
