import { EventStorage } from '../../../detection/events/event-storage';
import { joinSamples, type SampleRows } from '../../../detection/events/samples';
import { summary, withStorage } from '../../../detection/events/summary';

const levels = [
  { map: { height: 1, width: 2 }, numRows: 2 },
  { map: { height: 1, width: 1 }, numRows: 1 },
];

test('parts of a table are joined by row, whoever puts them, and losses add up', () => {
  const parts: SampleRows[] = [
    { image: 1, matchedGt: Int32Array.of(5) },
    { image: 0, about: 'anchors', levels, boxes: Float32Array.from({ length: 12 }, (_, i) => i) },
    { image: 0, matchedGt: Int32Array.of(-1, 0, -2) },
    { image: 0, level: 1, losses: { a: Float32Array.of(3) }, scores: Float32Array.of(0.5) },
    { image: 0, level: 0, rows: Int32Array.of(1), losses: { a: Float32Array.of(1), b: Float32Array.of(4) } },
    { image: 0, rows: Int32Array.of(1, 1), losses: { a: Float32Array.of(1, 2) } },
  ];
  const [first, second] = joinSamples(parts);
  expect(first).toEqual({
    image: 0,
    numRows: 3,
    about: 'anchors',
    levels,
    boxes: Float32Array.from({ length: 12 }, (_, i) => i),
    matchedGt: Int32Array.of(-1, 0, -2),
    scores: Float32Array.of(NaN, NaN, 0.5),
    losses: { a: Float32Array.of(0, 4, 3), b: Float32Array.of(0, 4, 0) },
  });
  expect(second).toEqual({ image: 1, numRows: 1, matchedGt: Int32Array.of(5), losses: {} });
  expect(joinSamples([])).toEqual([]);
});

test('samples are computed only at steps of which somebody wants them', () => {
  const storage = new EventStorage();
  const compute = jest.fn((): SampleRows[] => [{ image: 0, scores: Float32Array.of(1) }]);
  const tell = () => summary.samples('anchors', compute);
  tell();
  storage.wantDetails();
  withStorage(storage, tell);
  expect(compute).not.toHaveBeenCalled();
  storage.wantSamples();
  withStorage(storage, tell);
  withStorage(storage, tell);
  expect([...storage.sampleParts]).toEqual([['anchors', [...compute(), ...compute()]]]);
  storage.startIteration(2);
  compute.mockClear();
  withStorage(storage, tell);
  expect(compute).not.toHaveBeenCalled();
  expect(storage.sampleParts.size).toBe(0);
});
