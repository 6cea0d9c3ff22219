import type { MemoryCase, MemorySetting } from './memory-case';
import { formNames, type FormName } from './training-forms';

/** From which one thing at a time is varied. */
export const baseSetting: MemorySetting = {
  model: 'fasterrcnn_resnet50_fpn',
  size: 512,
  batch: 1,
  proposals: 2000,
  boxes: 10,
};

/** What is varied, and its values beside the base's. */
const variations = {
  size: [320, 800, 1024],
  batch: [2, 4],
  proposals: [512],
  boxes: [300],
  model: ['fasterrcnn_resnet18_fpn', 'fasterrcnn_mobilenet_v3_large_fpn'],
} as const satisfies { readonly [K in keyof MemorySetting]: readonly MemorySetting[K][] };

export type Variation = keyof typeof variations;

export const variationNames = Object.keys(variations) as Variation[];

/** The base, and it with one thing changed, for each of what is to be varied. */
export function memorySettings(varied: readonly Variation[]): MemorySetting[] {
  return [
    baseSetting,
    ...varied.flatMap((name) => variations[name].map((value) => ({ ...baseSetting, [name]: value }))),
  ];
}

/** All forms, under our autograd and under TensorFlow.js’s own. */
export function memoryCases(setting: MemorySetting): MemoryCase[] {
  const cases = (autograd: MemoryCase['autograd'], forms: readonly FormName[]): MemoryCase[] =>
    forms.map((form) => ({ ...setting, form, autograd }));
  return [...cases('ours', formNames), ...cases('variableGrads', formNames)];
}

/** `batch 2`, or `base`. */
export function describeSetting(setting: MemorySetting): string {
  const differing = variationNames.filter((name) => setting[name] !== baseSetting[name]);
  return differing.length === 0 ? 'base' : differing.map((name) => `${name} ${setting[name]}`).join(', ');
}
