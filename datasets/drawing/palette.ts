/** Bright and far apart in hue or lightness, the first eight above all. */
const PALETTE = [
  '#ff3b5c',
  '#00c2ff',
  '#ffd400',
  '#00d084',
  '#b15cff',
  '#ff8a00',
  '#3f6bff',
  '#ff5fd2',
  '#a4e400',
  '#00a39b',
  '#c98850',
  '#ffffff',
  '#9c1f3f',
  '#8fb8ff',
  '#5a7d00',
  '#c8b6ff',
];

/** A color for each label 1..K; it repeats after 16. */
export function categoryColor(label: number): string {
  return PALETTE[(label - 1) % PALETTE.length];
}

/** A color for each limb of a skeleton, from 0; neighbors in the list, which often meet, are far apart. */
export function limbColor(limb: number): string {
  return PALETTE[limb % PALETTE.length];
}

/** Black or white, whichever stands out (Rec. 709 luma). */
export function textColorOn(color: string): string {
  const [red, green, blue] = [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 110 ? '#000000' : '#ffffff';
}
