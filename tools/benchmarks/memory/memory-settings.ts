import { InputError } from '../../../detection/errors';
import { modelDefinition } from '../../../detection/modeling/definitions';
import { fasterRcnnModels } from '../../../detection/modeling/definitions/faster-rcnn';
import { fcosModels } from '../../../detection/modeling/definitions/fcos';
import { retinaNetModels } from '../../../detection/modeling/definitions/retinanet';
import type { MemoryCase, MemorySetting } from './memory-case';
import { formsOf, type FormName } from './training-forms';

/** What is varied of every model, and its values beside the base's. */
const variations = { size: [320, 800, 1024], batch: [2, 4], boxes: [300] };

/** Families of which more is varied: proposals where there are any, and which model. */
const families = [
  {
    definitions: fasterRcnnModels,
    proposals: [512],
    model: ['fasterrcnn_resnet18_fpn', 'fasterrcnn_mobilenet_v3_large_fpn'],
  },
  { definitions: retinaNetModels, model: ['retinanet_resnet18_fpn', 'retinanet_resnet50_fpn_v2'] },
  { definitions: fcosModels, model: ['fcos_resnet18_fpn'] },
];

export const variationNames = ['size', 'batch', 'proposals', 'boxes', 'model'] as const;

export type Variation = (typeof variationNames)[number];

export const defaultBase = { model: 'fasterrcnn_resnet50_fpn', size: 512, batch: 1 } as const;

/**
 * From which one thing at a time is varied.
 *
 * @throws UnknownModelError
 */
export function baseSetting(
  chosen: Partial<Pick<MemorySetting, 'model' | 'size' | 'batch'>> = {},
): MemorySetting {
  const { model, size, batch } = { ...defaultBase, ...chosen };
  modelDefinition(model);
  const hasProposals = fasterRcnnModels.some(({ name }) => name === model);
  return { model, size, batch, ...(hasProposals && { proposals: 2000 }), boxes: 10 };
}

/**
 * The base, and it with one thing changed, for each of what is to be varied.
 *
 * @throws InputError where there is nothing to vary
 */
export function memorySettings(base: MemorySetting, varied: readonly Variation[]): MemorySetting[] {
  const family = families.find(({ definitions }) => definitions.some(({ name }) => name === base.model));
  const values: Partial<Record<Variation, readonly (number | string)[]>> = {
    ...variations,
    ...(family?.proposals && { proposals: family.proposals }),
    ...(family && { model: family.model }),
  };
  const changed = varied.flatMap((name) => {
    if (!values[name]) {
      const known = variationNames.filter((each) => values[each]);
      throw new InputError(
        'unknown-case',
        `--vary ${name}: there is nothing of the kind to vary of ${base.model}; there are ${known.join(', ')}`,
        { name, known },
      );
    }
    return values[name].filter((value) => value !== base[name]).map((value) => ({ ...base, [name]: value }));
  });
  return [base, ...changed];
}

/** All forms that there are of the model, under our autograd and under TensorFlow.js’s own. */
export function memoryCases(setting: MemorySetting): MemoryCase[] {
  const forms = formsOf(setting.model);
  const cases = (autograd: MemoryCase['autograd']): MemoryCase[] =>
    forms.map((form: FormName) => ({ ...setting, form, autograd }));
  return [...cases('ours'), ...cases('variableGrads')];
}

/** `batch 2`, or `base`. */
export function describeSetting(setting: MemorySetting, base: MemorySetting): string {
  const differing = variationNames.filter((name) => setting[name] !== base[name]);
  return differing.length === 0 ? 'base' : differing.map((name) => `${name} ${setting[name]}`).join(', ');
}

/** Model and sizes, as a heading. */
export function describeSizes({ model, size, batch, proposals, boxes }: MemorySetting): string {
  const ofImage = proposals === undefined ? '' : `${proposals} proposals, `;
  return `${model}, ${size} x ${size}, batch ${batch}, ${ofImage}${boxes} boxes an image`;
}
