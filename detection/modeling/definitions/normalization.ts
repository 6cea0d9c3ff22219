import { BatchNorm, FrozenBatchNorm, GroupNorm, type NormalizationFactory } from '../../nn/normalization';
import type { NormName } from '../detector';

/**
 * Makes a detector's normalizations.
 *
 * @param epsilon of batch norm
 * @param momentum of batch norm; torch's own if left out
 */
export function normalization(name: NormName, epsilon: number, momentum?: number): NormalizationFactory {
  switch (name) {
    case 'frozen':
      return (channels) => new FrozenBatchNorm(channels, epsilon);
    case 'batch':
      return (channels) => new BatchNorm(channels, epsilon, momentum);
    case 'group':
      return (channels) => new GroupNorm(channels);
  }
}
