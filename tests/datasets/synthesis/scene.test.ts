import { CATEGORIES, DISTRACTORS } from '../../../datasets/synthesis/artwork';
import { composeScene, type SceneSettings } from '../../../datasets/synthesis/scene';
import { drawSprite, loadSprite, type Sprite } from '../../../datasets/synthesis/sprite';
import { RandomStream } from '../../../detection/nn/random';

const IDENTITY = Float64Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1);
const sceneOf = (size: number): SceneSettings => ({ size, detail: size, numObjects: 12 });
let categories: Sprite[];
let distractors: Sprite[];

beforeAll(async () => {
  categories = await Promise.all(CATEGORIES.map(loadSprite));
  distractors = await Promise.all(DISTRACTORS.map(loadSprite));
});

test('every object keeps 30 % of its pixels in view', () => {
  let least = 1;
  for (let seed = 0; seed < 60; seed++) {
    const { objects } = composeScene(new RandomStream(seed, 'scene'), categories, distractors, sceneOf(128));
    expect(objects.length).toBeGreaterThanOrEqual(3);
    expect(objects.length).toBeLessThanOrEqual(12);
    for (const { mask, wholeArea } of objects) {
      least = Math.min(least, mask.reduce((sum, inside) => sum + inside, 0) / wholeArea);
    }
  }
  expect(least).toBeGreaterThanOrEqual(0.3);
  expect(least).toBeLessThan(0.4); // occlusion does happen
});

test('objects are pasted where their masks say', () => {
  const { canvas, objects } = composeScene(
    new RandomStream(3, 'scene'),
    categories,
    [distractors[0]],
    sceneOf(160),
  );
  // A scene whose stream is the same but whose artwork is black shows black wherever an item is.
  const blacken = (sprite: Sprite): Sprite => ({
    ...sprite,
    levels: sprite.levels.map((level) => ({
      ...level,
      rgba: level.rgba.map((value, i) => (i % 4 === 3 ? value : 0)),
    })),
  });
  const black = composeScene(
    new RandomStream(3, 'scene'),
    categories.map(blacken),
    [blacken(distractors[0])],
    sceneOf(160),
  );
  const masks = (scene: typeof black) =>
    scene.objects.map(({ mask }) => Buffer.from(mask).toString('base64'));
  expect(masks(black)).toEqual(masks({ canvas, objects }));
  let brightest = 0;
  for (const { mask } of objects) {
    mask.forEach((inside, i) => {
      if (inside) brightest = Math.max(brightest, black.canvas.rgb[i * 3]);
    });
  }
  expect(brightest).toBeGreaterThan(0);
  expect(brightest).toBeLessThan(128); // less than half of the background shines through
  expect(Math.max(...canvas.rgb)).toBeGreaterThan(128);
});

test('detail and number of objects make many small objects in a large scene', () => {
  const settings = { size: 400, detail: 64, numObjects: 40 };
  const { objects } = composeScene(new RandomStream(0, 'scene'), categories, distractors, settings);
  expect(objects.length).toBeGreaterThanOrEqual(10);
  expect(objects.length).toBeLessThanOrEqual(40);
  // The longest side of the largest is 110 pixels of 320.
  const largest = Math.max(...objects.map(({ wholeArea }) => wholeArea));
  expect(largest).toBeLessThanOrEqual(((64 * 110) / 320) ** 2);
  expect(largest).toBeGreaterThan(100);
});

test('an upright sprite fills its longest side, a turned one keeps its area, a mirrored one is its mirror image', () => {
  const car = categories[CATEGORIES.findIndex(({ name }) => name === 'car')];
  const pose = { longSide: 64, angle: 0, mirrored: false, color: IDENTITY };
  const upright = drawSprite(car, pose);
  const coverage = (rgba: Float32Array) => rgba.reduce((sum, v, i) => (i % 4 === 3 ? sum + v : sum), 0);
  const columns = new Set<number>();
  upright.rgba.forEach((value, i) => {
    if (i % 4 === 3 && value > 0.5) columns.add((i >> 2) % upright.width);
  });
  expect(columns.size).toBeGreaterThanOrEqual(63);
  expect(columns.size).toBeLessThanOrEqual(65);

  const turned = drawSprite(car, { ...pose, angle: 0.5 });
  expect(coverage(turned.rgba) / coverage(upright.rgba)).toBeCloseTo(1, 1);

  const mirrored = drawSprite(car, { ...pose, mirrored: true });
  let difference = 0;
  for (let y = 0; y < upright.height; y++) {
    for (let x = 0; x < upright.width; x++) {
      const here = (y * upright.width + x) * 4 + 3;
      const there = (y * upright.width + upright.width - 1 - x) * 4 + 3;
      difference = Math.max(difference, Math.abs(mirrored.rgba[here] - upright.rgba[there]));
    }
  }
  expect(difference).toBeLessThan(1e-5);
});

test('no distractor is a category', () => {
  const codePoints = [...CATEGORIES, ...DISTRACTORS].map(({ codePoint }) => codePoint);
  expect(new Set(codePoints).size).toBe(codePoints.length);
});
