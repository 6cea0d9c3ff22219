import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { DetectorOptions } from '../../../detection/modeling/detector';
import type { ShorterSide } from '../../../detection/structures/input-spec';
import type { CheckpointState } from '../../../weights/checkpoints/checkpoint';

/** Makes a checkpoint one of format 1, as the project wrote it before: with all that its `state.json` held then. */
export function makeFormat1(checkpoint: string): void {
  const file = path.join(checkpoint, 'state.json');
  const { iteration, isExtra, hooks, metrics, metadata, sha256 } = JSON.parse(
    readFileSync(file, 'utf8'),
  ) as CheckpointState;
  const state = {
    format: 1,
    iteration,
    isExtra,
    metrics,
    metadata: {
      ...detectorOfFormat1(metadata),
      divergedIterations: hooks['divergence'],
      earlyStopping: hooks['earlyStopping'],
      evaluatedUpTo: hooks['evaluation'],
    },
    randomStreams: { noise: [1, 2, 3, 4] },
  };
  const own = createHash('sha256').update(JSON.stringify(state)).digest('hex');
  writeFileSync(file, `${JSON.stringify({ ...state, sha256: { ...sha256, 'state.json': own } }, null, 2)}\n`);
}

/** What was said of a detector then: a part of its run's configuration. */
function detectorOfFormat1({ model, options, ...others }: CheckpointState['metadata']): object {
  if (options === undefined) return { ...others, model };
  const { norm, epsilon, input } = options as Pick<DetectorOptions, 'norm' | 'epsilon' | 'input'>;
  const { minSize, maxSize } = input!.resize as ShorterSide;
  return {
    ...others,
    configuration: { model: { name: model, minSize, maxSize, norm, normEpsilon: epsilon } },
  };
}
