import { modelDefinition } from '../../../detection/modeling/definitions';
import { inputOfSides, unknownSizeNote } from '../../../weights/detectors/given-sides';
import { thrownBy } from '../../thrown';

const { input } = modelDefinition('fasterrcnn_resnet50_fpn');
const fixed = modelDefinition('ssdlite320_mobilenet_v3_large');

test('either side may be given, or both; the rest of the input stays', () => {
  const sides = (given: object): unknown => inputOfSides('a', input, given).resize;
  expect(inputOfSides('a', input, {})).toBe(input);
  expect(sides({ minSize: 128 })).toEqual({ kind: 'shorter-side', minSize: 128, maxSize: 1333 });
  expect(sides({ maxSize: 900 })).toEqual({ kind: 'shorter-side', minSize: 800, maxSize: 900 });
  expect(inputOfSides('a', input, { minSize: 128, maxSize: 213 })).toEqual({
    ...input,
    resize: { kind: 'shorter-side', minSize: 128, maxSize: 213 },
  });
});

test('sides that cannot be are refused', () => {
  expect(thrownBy(() => inputOfSides('a', input, { minSize: 2000 }))).toMatchObject({
    code: 'input-sides',
    facts: { minSize: 2000, maxSize: 1333 },
  });
  expect(thrownBy(() => inputOfSides('b', fixed.input, { minSize: 128 }))).toMatchObject({
    code: 'input-fixed',
    facts: { model: 'b', width: 320, height: 320 },
  });
  expect(inputOfSides('b', fixed.input, { minSize: 320, maxSize: 320 })).toBe(fixed.input);
});

test('a note says what size is taken where there is a choice', () => {
  expect(unknownSizeNote('a.pth', modelDefinition('fasterrcnn_resnet50_fpn'))).toMatch(
    /^a\.pth: .* 800 .* 1333 .* fasterrcnn_resnet50_fpn.*--min-size/,
  );
  expect(unknownSizeNote('a.pth', fixed)).toBeUndefined();
});
