import { parseAssignment } from '../../../../tools/config/assignments';
import { loadConfiguration } from '../../../../tools/config/load';

function load(...assignments: string[]) {
  const needed = [
    'model.name=fasterrcnn_tiny_fpn',
    'data.trainAnnotations=a.json',
    'data.trainImages=images',
  ];
  return loadConfiguration({ assignments: [...needed, ...assignments].map(parseAssignment), options: {} })
    .data;
}

test('what is random about batches: the defaults of the peers', () => {
  expect(load()).toMatchObject({
    flip: 0.5,
    photometricDistortion: 0,
    scaleJitter: null,
    aspectRatioGrouping: true,
    repeatThreshold: null,
  });
});

test.each([
  ['data.scaleJitter=[2,0.1]', 'data.scaleJitter: the first number must not be larger than the second'],
  ['data.scaleJitter=[1]', 'expected a list: each a number above 0, 2 of them, or null, not [1]'],
  ['data.scaleJitter=[0,1]', 'data.scaleJitter[0]: expected a number above 0, not 0'],
  ['data.repeatThreshold=0', 'expected a number above 0, at most 1, or null, not 0'],
  ['data.photometricDistortion=2', 'expected a number from 0 to 1, not 2'],
])('%s is refused once', (assignment, reason) => {
  const faults = [expect.stringContaining(reason)];
  expect(() => load(assignment)).toThrow(
    expect.objectContaining({ code: 'configuration', facts: { faults } }) as Error,
  );
});
