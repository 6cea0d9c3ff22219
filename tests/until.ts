import { setTimeout } from 'node:timers/promises';

/** Waits until something has happened. Whatever `happened` throws is thrown. */
export async function until(happened: () => boolean): Promise<void> {
  while (!happened()) await setTimeout(5);
}
