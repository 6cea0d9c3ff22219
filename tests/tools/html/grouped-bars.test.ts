import { parseHTML } from 'linkedom';
import { groupedBars } from '../../../tools/html/grouped-bars';

test('bars stand in their groups, with their numbers, pale up to their base', () => {
  const bar = { base: 10, color: 'red' };
  const chart = groupedBars(
    [
      { ...bar, group: 'first', name: 'a', value: 30 },
      { ...bar, group: 'first', name: 'b', value: 20 },
      { ...bar, group: 'second', name: 'b', value: 40 },
    ],
    { title: 'lengths', label: 'MB' },
  );
  const { document }: { document: Document } = parseHTML(chart.text);
  expect(document.querySelector('svg')!.getAttribute('aria-label')).toBe('lengths');
  const rectangles = Array.from(document.querySelectorAll('rect'));
  const widths = (opacity: string | null): number[] =>
    rectangles
      .filter(
        ({ parentElement }) =>
          parentElement!.closest('[fill-opacity]')?.getAttribute('fill-opacity') === (opacity ?? undefined),
      )
      .map((rectangle) => Number(rectangle.getAttribute('width')));
  const [pale, full] = [widths('0.35'), widths(null)];
  expect(pale).toHaveLength(3);
  for (const width of pale) expect(width).toBeCloseTo(pale[0], 6);
  expect(full.map((width) => Math.round((10 * width) / full[1]))).toEqual([20, 10, 30]);
  const texts = Array.from(document.querySelectorAll('text'), ({ textContent }) => textContent);
  for (const text of ['first', 'second', '30', '20', '40']) expect(texts).toContain(text);
});
