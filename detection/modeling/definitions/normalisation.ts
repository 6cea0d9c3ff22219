import { BatchNorm, FrozenBatchNorm, GroupNorm, type NormalisationFactory } from '../../nn/normalisation';
import type { NormName } from '../detector';

/**
 * Makes a detector's normalisations.
 *
 * @param epsilon of batch norm
 * @param momentum of batch norm; torch's own if left out
 */
export function normalisation(name: NormName, epsilon: number, momentum?: number): NormalisationFactory {
  switch (name) {
    case 'frozen':
      return (channels) => new FrozenBatchNorm(channels, epsilon);
    case 'batch':
      return (channels) => new BatchNorm(channels, epsilon, momentum);
    case 'group':
      return (channels) => new GroupNorm(channels);
  }
}
