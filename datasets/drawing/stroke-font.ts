/**
 * A small stroke font, drawn for this project, because slim machines have no fonts at all and a label must look
 * the same everywhere. Each glyph is a list of polylines; each point is two digits, x from 0 to 4 and y from 0
 * (top of the capitals) over 6 (the baseline) to 8 (descenders).
 */
const GLYPHS: Readonly<Record<string, string>> = {
  ' ': '',
  '!': '0004 0606',
  '"': '0001 2021',
  '#': '1016 3036 0242 0444',
  $: '413010010213334445361605 2026',
  '%': '4006 0010110100 3545463635',
  '&': '460201102031320405162644',
  "'": '0001',
  '(': '20020527',
  ')': '00222507',
  '*': '2125 0244 4204',
  '+': '2125 0343',
  ',': '1607',
  '-': '0333',
  '.': '0606',
  '/': '4006',
  '0': '103041453616050110',
  '1': '011016 0626',
  '2': '01103041420646',
  '3': '01103041423313 334445361605',
  '4': '36300444',
  '5': '400002324345361605',
  '6': '4130100105163645443303',
  '7': '004016',
  '8': '103041423313020110 1304051636454433',
  '9': '4313020110304145361605',
  ':': '0303 0606',
  ';': '1313 1607',
  '<': '310335',
  '=': '0242 0444',
  '>': '013305',
  '?': '01103041422324 2626',
  '@': '3616050110304144242242',
  A: '062046 1434',
  B: '06003041423303 3344453606',
  C: '4130100105163645',
  D: '06003041453606',
  E: '40000646 0333',
  F: '400006 0333',
  G: '41301001051636454323',
  H: '0006 4046 0343',
  I: '0020 1016 0626',
  J: '4045361605',
  K: '0006 4004 1346',
  L: '000646',
  M: '0600234046',
  N: '06004640',
  O: '103041453616050110',
  P: '06003041423303',
  Q: '103041453616050110 2446',
  R: '06003041423303 2346',
  S: '413010010213334445361605',
  T: '0040 2026',
  U: '000516364540',
  V: '002640',
  W: '0016233640',
  X: '0046 4006',
  Y: '002340 2326',
  Z: '00400646',
  '[': '20000727',
  '\\': '0046',
  ']': '00202707',
  '^': '022042',
  _: '0747',
  '`': '0011',
  a: '12324346 441405163645',
  b: '0006 0312324345361605',
  c: '4332120305163645',
  d: '4046 4332120305163645',
  e: '04444332120305163645',
  f: '30201116 0232',
  g: '4332120305163645 4247381807',
  h: '0006 0312324346',
  i: '0206 0000',
  j: '121708 1010',
  k: '0006 3205 1436',
  l: '0006',
  m: '0206 03122326 23324346',
  n: '0206 0312324346',
  o: '123243453616050312',
  p: '0208 0312324345361605',
  q: '4248 4332120305163645',
  r: '0206 031232',
  s: '4212031434453606',
  t: '10152636 0232',
  u: '0205163645 4246',
  v: '022642',
  w: '0216233642',
  x: '0246 4206',
  y: '0226 4218',
  z: '02420646',
  '{': '302011120314162737',
  '|': '0008',
  '}': '001021223324261707',
  '~': '04133443',
};

/** What stands for every other character. */
const UNKNOWN_GLYPH = '0040460600';

/** Top of the capitals to the baseline, in units of the font. */
export const CAP_HEIGHT = 6;
/** The baseline to the lowest point. */
export const DESCENT = 2;
const SPACING = 2;
const SPACE_WIDTH = 2;

export interface TextPath {
  /** An SVG path to be stroked, in units of the font; the top left corner of the first capital is at (0, 0). */
  readonly path: string;
  /** In units of the font. */
  readonly width: number;
}

/** Lays one line of text out. The path is made of digits and the letters M and L, whatever the text holds. */
export function textPath(text: string): TextPath {
  let path = '';
  let left = 0;
  let width = 0;
  for (const character of text) {
    const glyph = Object.hasOwn(GLYPHS, character) ? GLYPHS[character] : UNKNOWN_GLYPH;
    let glyphWidth = glyph === '' ? SPACE_WIDTH : 0;
    for (const stroke of glyph.split(' ')) {
      for (let i = 0; i < stroke.length; i += 2) {
        const x = Number(stroke[i]);
        path += `${i === 0 ? 'M' : 'L'}${left + x} ${stroke[i + 1]}`;
        glyphWidth = Math.max(glyphWidth, x);
      }
    }
    width = left + glyphWidth;
    left = width + SPACING;
  }
  return { path, width };
}
