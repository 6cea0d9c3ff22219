/** Observable's categorical palette: distinct on light and on dark backgrounds. */
const colors = [
  '#4269d0',
  '#efb118',
  '#ff725c',
  '#6cc5b0',
  '#3ca951',
  '#ff8ab7',
  '#a463f2',
  '#97bbf5',
  '#9c6b4e',
  '#9498a0',
];

/** The color of a series or of a category, by its position from 0; they repeat after ten. */
export function colorOf(index: number): string {
  return colors[index % colors.length];
}
