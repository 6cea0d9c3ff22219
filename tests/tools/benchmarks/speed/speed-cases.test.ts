import { casesNamed, speedCases } from '../../../../tools/benchmarks/speed/speed-cases';

test('names are unique, and choose cases in the order given', () => {
  const names = speedCases.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  expect(casesNamed(['load', 'cold-start']).map(({ name }) => name)).toEqual(['load', 'cold-start']);
  expect(casesNamed(undefined)).toBe(speedCases);
});
