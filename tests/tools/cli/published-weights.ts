import { createHash } from 'node:crypto';
import { modelDefinition } from '../../../detection/modeling/definitions';
import type { PublishedWeights } from '../../../detection/modeling/detector';
import type { StoredTensor } from '../../../weights/formats/stored-tensor';
import { storedFloat32, toFloat32 } from '../../../weights/formats/stored-tensor';

/** Has torchvision publish a file of these bytes as `COCO_V1` of a model, with epsilon 0, until mocks are restored. */
export function publish(model: string, content: Uint8Array): PublishedWeights {
  const digits = createHash('sha256').update(content).digest('hex').slice(0, 8);
  const published: PublishedWeights = {
    name: 'Test_Weights.COCO_V1',
    file: `${model}_coco-${digits}.pth`,
    mebibytes: content.length / 2 ** 20,
    trainedOn: 'COCO',
    accuracy: 1,
    of: 'detector',
    epsilon: 0,
  };
  jest.replaceProperty(modelDefinition(model), 'published', { COCO_V1: published });
  return published;
}

/**
 * The weights of the same detector with variances of about 1e-5: with epsilon 0 they find what they found, with 1e-5
 * something else.
 */
export function withSmallVariances(tensors: ReadonlyMap<string, StoredTensor>): Map<string, StoredTensor> {
  const factor = 2 ** -16;
  const scaled = (tensor: StoredTensor, by: number): StoredTensor =>
    storedFloat32(
      tensor.shape,
      toFloat32(tensor).map((value) => value * by),
    );
  return new Map(
    [...tensors].map(([name, tensor]) => {
      if (name.endsWith('.running_var')) return [name, scaled(tensor, factor)];
      const isOfNorm = tensors.has(name.replace(/weight$/, 'running_var'));
      return [name, name.endsWith('.weight') && isOfNorm ? scaled(tensor, Math.sqrt(factor)) : tensor];
    }),
  );
}

/** The name that an entry has in torchvision's first files. */
export function legacyName(name: string): string {
  return name
    .replace(/^(backbone\.fpn\.(?:inner|layer)_blocks\.\d+)\.0\./, '$1.')
    .replace(/^rpn\.head\.conv\.0\.0\./, 'rpn.head.conv.');
}
