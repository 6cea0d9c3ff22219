import { InputError } from '../../../detection/errors';
import { coldStartCases } from './cold-start-cases';
import { detectorCases } from './detector-cases';
import { evaluationCase, loaderCase } from './pipeline-cases';
import { throughputCases } from './throughput-cases';
import type { SpeedCase } from './speed-case';

/** Everything that is compared, in the order in which it runs. */
export const speedCases: readonly SpeedCase[] = [
  ...detectorCases,
  ...coldStartCases,
  ...throughputCases,
  evaluationCase,
  loaderCase,
];

/**
 * The cases of the given names, or all.
 *
 * @throws InputError where there is none of a name.
 */
export function casesNamed(names: readonly string[] | undefined): readonly SpeedCase[] {
  if (names === undefined) return speedCases;
  return names.map((name) => {
    const known = speedCases.find((candidate) => candidate.name === name);
    if (known) return known;
    const all = speedCases.map((each) => each.name);
    throw new InputError(
      'unknown-case',
      `--case ${name}: there is no such case; there are ${all.join(', ')}`,
      { name, known: all },
    );
  });
}
