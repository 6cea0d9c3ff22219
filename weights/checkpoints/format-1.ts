import type { Json } from '../../detection/engine/hooks';

/** Where format 1 kept what hooks remember, in a run's metadata, by the names of the hooks. */
const HOOK_STATES = {
  divergence: 'divergedIterations',
  earlyStopping: 'earlyStopping',
  evaluation: 'evaluatedUpTo',
} as const;

/**
 * What the hooks of a run of format 1 remembered. Format 1 also had the states of all random streams, which nobody needs
 * now that the draws of a step follow from its number: the draws to come are others than they would have been.
 *
 * @param metadata of its `state.json`.
 */
export function hooksOfFormat1(metadata: Readonly<Record<string, unknown>>): Record<string, Json> {
  const kept = Object.entries(HOOK_STATES).filter(([, key]) => metadata[key] !== undefined);
  // It has been read from JSON.
  return Object.fromEntries(kept.map(([hook, key]) => [hook, metadata[key] as Json]));
}
