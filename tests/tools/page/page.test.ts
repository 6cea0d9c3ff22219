import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Page } from 'playwright-core';
import { pathToFileURL } from 'node:url';
import sharp from 'sharp';
import { objectsToDraw } from '../../../datasets/drawing/objects-to-draw';
import { overlaySvg } from '../../../datasets/drawing/overlay-svg';
import { detectFiles, type DetectedPicture } from '../../../datasets/inference/detect-files';
import { modelDefinition } from '../../../detection/modeling/definitions';
import { defineModel } from '../../../detection/modeling/definitions/define-model';
import type { Detector, ModelDefinition } from '../../../detection/modeling/detector';
import { detectorInput } from '../../../detection/structures/image-sides';
import { fillWithFormula } from '../../../tools/benchmarks/formula-weights';
import { runCommand } from '../../../tools/cli/main';
import { writeDetectorPage } from '../../../tools/page/run-page';
import { loadDetector } from '../../../weights/detectors/load-detector';
import { saveDetector } from '../../../weights/detectors/save-detector';
import { expectNoTensorLeaks } from '../../detection/tensor-leaks';
import { thrownBy } from '../../thrown';
import { describeChromium, TestBrowser } from '../chromium';

expectNoTensorLeaks();
const hostile = '</script><img src=x onerror="document.title=1">\u2028&amp;';
const size = { width: 120, height: 90 };
const numShapes = 3;
let folder = '';
let printed = '';
const at = (name: string): string => path.join(folder, name);

/** A detector with weights that find something in anything. */
function detectorOf(model: ModelDefinition, categories: readonly string[]): Detector {
  const input = detectorInput(model, { minSize: 64, maxSize: 96 });
  const settings = { roi: { detectionsPerImage: numShapes } };
  const detector = model.build({ categories, norm: 'frozen', input, settings });
  fillWithFormula(detector, 7);
  return detector;
}

function save(name: string, model: string, categories: readonly string[]): void {
  const detector = detectorOf(modelDefinition(model), categories);
  saveDetector(detector, at(name));
  detector.dispose();
}

async function run(...command: string[]): Promise<void> {
  const write = jest
    .spyOn(process.stdout, 'write')
    .mockImplementation((text) => ((printed += String(text)), true));
  await runCommand(command).finally(() => write.mockRestore());
}

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'page-'));
  save('shapes.safetensors', 'mask_keypointrcnn_tiny_fpn', [hostile]);
  save('boxes.safetensors', 'fasterrcnn_tiny_fpn', ['cup', 'plate', 'fork']);
  const noise = { type: 'gaussian', mean: 128, sigma: 60 } as const;
  await sharp({ create: { ...size, channels: 3, background: '#a53', noise } })
    .png()
    .toFile(at('scene.png'));
  writeFileSync(at('broken.jpg'), 'no picture at all');
  writeFileSync(at('bad.safetensors'), 'no weights at all');
  await run('page', '--weights', at('shapes.safetensors'), '--output', at('try.html'));
});
afterAll(() => rmSync(folder, { recursive: true }));

test('rcnn page writes one file, and says how large it is', () => {
  expect(printed).toMatch(/try\.html: mask_keypointrcnn_tiny_fpn, \d+(\.\d+)? MB\n/);
  expect(readdirSync(folder).filter((name) => name.endsWith('html'))).toEqual(['try.html']);
});

test('a model of one’s own is refused: the page has not its code', () => {
  const own = defineModel(modelDefinition('fasterrcnn_tiny_fpn'), { name: 'mine' });
  const model = detectorOf(own, ['cup']);
  const error = thrownBy(() =>
    writeDetectorPage(at('own.html'), { model, categories: [{ id: 1, name: 'cup' }] }),
  );
  model.dispose();
  expect(error).toEqual(expect.objectContaining({ code: 'page-own-model', facts: { model: 'mine' } }));
  expect(existsSync(at('own.html'))).toBe(false);
});

/** What Node finds in the scene with the weights as the page has them, rounded, drawn as the page draws it. */
async function drawnByNode(weights: string): Promise<string> {
  await run('convert', '--float16', at(weights), at('half.safetensors'));
  const { model } = await loadDetector(at('half.safetensors'));
  try {
    const [found] = (await detectFiles(model, [{ file: at('scene.png') }])) as DetectedPicture[];
    const nameOf = (label: number): string => model.categories[label - 1];
    return overlaySvg(size, objectsToDraw(found.detections, { nameOf, layout: model.keypoints }).reverse());
  } finally {
    model.dispose();
  }
}

/** The numbers of all boxes of a drawing, and how much else is in it. */
function inDrawing(svg: string) {
  const rects = [
    ...svg.matchAll(/<rect x="([^"]*)" y="([^"]*)" width="([^"]*)" height="([^"]*)" fill="none"/g),
  ];
  const count = (what: string): number => svg.split(what).length - 1;
  return {
    boxes: rects.flatMap((sides) => sides.slice(1).map(Number)),
    scores: [...svg.matchAll(/(\d\.\d\d)<\/title>/g)].map(([, score]) => Number(score)),
    numMasks: count('fill-rule="evenodd"'),
    numPoints: count('<circle'),
  };
}

describeChromium('the page in a browser', () => {
  const browser = new TestBrowser();
  let page: Page;

  beforeEach(async () => {
    page = await browser.open(pathToFileURL(at('try.html')).href);
    await idle();
  });
  afterEach(async () => {
    await page.close();
    // It has run nothing that a name says, and has spoken to nobody.
    expect(browser.complaints.filter((text) => text !== 'No available adapters.')).toEqual([]);
    expect(browser.requests).toEqual([]);
  });

  const idle = () => page.waitForFunction(() => document.body.ariaBusy === 'false');
  const status = () => page.textContent('#status');
  const objects = () => page.locator('#objects li').count();

  async function choose(input: 'picture' | 'detector', file: string): Promise<void> {
    await page.setInputFiles(`#${input}`, at(file));
    await idle();
  }

  async function setScore(score: string): Promise<void> {
    await page.locator('#score').fill(score);
  }

  /** Gives the page a file in an event that has one. */
  async function give(file: string, kind: 'drop' | 'paste'): Promise<void> {
    const bytes = [...readFileSync(at(file))];
    await page.evaluate(
      ({ file, bytes, kind }) => {
        const dataTransfer = new DataTransfer();
        dataTransfer.items.add(new File([Uint8Array.from(bytes)], file));
        const init = { bubbles: true, cancelable: true };
        document.body.dispatchEvent(
          kind === 'drop'
            ? new DragEvent('drop', { ...init, dataTransfer })
            : new ClipboardEvent('paste', { ...init, clipboardData: dataTransfer }),
        );
      },
      { file, bytes, kind },
    );
    await idle();
  }

  /** What is drawn, of all scores. */
  async function expectAsInNode(weights: string) {
    await setScore('0.05');
    const svg = await page
      .locator('#stage svg')
      .evaluate((element) => new XMLSerializer().serializeToString(element));
    const [drawn, expected] = [inDrawing(svg), inDrawing(await drawnByNode(weights))];
    const within = (limit: number, numbers: readonly number[], others: readonly number[]): void => {
      expect(numbers.length).toBe(others.length);
      numbers.forEach((number, i) => expect(Math.abs(number - others[i])).toBeLessThan(limit));
    };
    within(0.05, drawn.boxes, expected.boxes);
    within(0.011, drawn.scores, expected.scores);
    const { numMasks, numPoints } = drawn;
    expect({ numMasks, numPoints }).toEqual({ numMasks: expected.numMasks, numPoints: expected.numPoints });
    return drawn;
  }

  test('a picture that is chosen: boxes, masks and keypoints as in Node; from a score on', async () => {
    expect(await status()).toBe('Ready. WebAssembly, 1 thread');
    await choose('picture', 'scene.png');
    expect(await status()).toMatch(/^scene\.png, 120 x 90: \d+\.\d\d s\. WebAssembly, 1 thread$/);
    const { scores, numMasks, numPoints } = await expectAsInNode('shapes.safetensors');
    expect([scores.length, numMasks, numPoints > 0]).toEqual([numShapes, numShapes, true]);
    expect(await objects()).toBe(numShapes);
    expect(await page.locator('#objects li').first().textContent()).toContain(hostile);
    await setScore('0.95');
    expect(await page.textContent('#summary')).toBe(`0 objects, ${numShapes} below that score`);
    expect([await page.locator('#stage svg rect').count(), await objects()]).toEqual([0, 0]);
  });

  test('pictures that are dropped or pasted, a broken one, another detector', async () => {
    await give('scene.png', 'drop');
    expect(await page.locator('#stage svg').count()).toBe(1);

    await give('broken.jpg', 'paste');
    expect(await status()).toMatch(/^broken\.jpg: this browser cannot decode it\. JPEG, PNG/);
    expect([await page.locator('#stage *').count(), await objects()]).toEqual([0, 0]);

    await choose('detector', 'boxes.safetensors');
    await give('scene.png', 'paste');
    expect(await page.textContent('#detector-name')).toBe('boxes.safetensors');
    expect(await page.textContent('#finds')).toBe(
      'fasterrcnn_tiny_fpn, finds 3 kinds of objects: cup, plate, fork',
    );
    // Chosen as it is, in float32.
    const { scores, numMasks } = await expectAsInNode('boxes.safetensors');
    expect([scores.length, numMasks]).toEqual([numShapes, 0]);

    await give('bad.safetensors', 'drop');
    expect(await status()).toMatch(/^bad\.safetensors: is not a safetensors file/);
    expect(await page.textContent('#detector-name')).toBe('boxes.safetensors');
    await give('scene.png', 'drop');
    expect(await objects()).toBeGreaterThan(0);
  });
});
