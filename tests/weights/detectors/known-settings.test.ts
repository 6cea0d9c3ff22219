import { modelDefinition } from '../../../detection/modeling/definitions';
import { withSettings } from '../../../detection/modeling/settings';
import { metadataOf, type KnownDetector } from '../../../weights/detectors/detector-metadata';
import { DETECTOR_METADATA } from '../../../weights/detectors/file-metadata';
import { knownDetector } from '../../../weights/detectors/known-detector';

const definition = modelDefinition('fasterrcnn_tiny_fpn');
const detector: KnownDetector = {
  definition,
  options: { norm: 'batch', input: definition.input },
  categories: [{ id: 3, name: 'cat' }],
};

/** What a file says, after the metadata have been changed. */
function read(change: (metadata: ReturnType<typeof metadataOf>) => object, given = detector) {
  const json = JSON.stringify(change(metadataOf(given)));
  const contents = { tensors: new Map(), metadata: { [DETECTOR_METADATA]: json }, leftOut: [] };
  return knownDetector({ file: 'f.safetensors' }, contents);
}

test('settings that are not the model’s own are written down and read', () => {
  const changes = { anchors: { sizes: [[8], [16], [32], [64], [128]] }, roi: { detectionsPerImage: 7 } };
  const settings = withSettings(definition.settings.values, changes);
  const changed = { ...detector, options: { ...detector.options, settings } };
  expect(metadataOf(changed).options.settings).toEqual(changes);
  expect(read((metadata) => metadata, changed)?.options.settings).toEqual(changes);
});

test('without such settings the metadata are what they were before, and those are read', () => {
  const own = { ...detector, options: { ...detector.options, settings: definition.settings.values } };
  for (const given of [detector, own]) {
    expect(Object.keys(metadataOf(given).options)).toEqual(['norm', 'epsilon', 'input']);
    expect(read((metadata) => metadata, given)).toEqual({
      ...detector,
      options: { ...detector.options, epsilon: undefined, settings: {} },
    });
  }
});

test.each([
  [{ rpn: { none: 1 } }, ['it has no rpn.none here']],
  [{ none: {} }, ['it has no none here']],
  [{ roi: { nmsThreshold: 2 } }, ['roi.nmsThreshold: expected a number from 0 to 1, not 2']],
  [{ roi: 3 }, ['roi: expected keys with values, not 3']],
  [{ rpn: { bgIouThreshold: 0.9 } }, ['rpn.bgIouThreshold is 0.9, above rpn.fgIouThreshold, 0.7']],
  [
    { losses: { classWeights: [1, 2] } },
    [expect.stringMatching(/^losses\.classWeights has 2 weights/) as string],
  ],
])('settings that the model cannot have are refused: %j', (settings, faults) => {
  expect(() => read((metadata) => ({ ...metadata, options: { ...metadata.options, settings } }))).toThrow(
    expect.objectContaining({
      code: 'detector-settings',
      message: expect.stringMatching(
        /^f\.safetensors: is of fasterrcnn_tiny_fpn with settings that this model cannot have: /,
      ) as string,
      facts: { file: 'f.safetensors', model: definition.name, faults },
    }) as Error,
  );
});

test.each([3, 'x', [1], null])('settings that are none are damaged metadata: %j', (settings) => {
  expect(() => read((metadata) => ({ ...metadata, options: { ...metadata.options, settings } }))).toThrow(
    expect.objectContaining({ code: 'detector-metadata' }) as Error,
  );
});
