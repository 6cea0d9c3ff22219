import { resolve } from 'node:path';

/** A file of the folder that lies beside the repository: golden numbers, data sets, peers to compare with. */
export function sharedPath(relative: string): string {
  return resolve(__dirname, '..', '..', 'shared', relative);
}
