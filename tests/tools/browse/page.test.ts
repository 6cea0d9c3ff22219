import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Page } from 'playwright-core';
import { pathToFileURL } from 'node:url';
import sharp from 'sharp';
import { browsePage } from '../../../tools/browse/page';
import type { PageData, PageObject, PagePicture } from '../../../tools/browse/page-data';
import { describeChromium, TestBrowser } from '../chromium';

const hostile = '</script><img src=x onerror="document.title=1">\u2028&amp;\'"`${1}';
let folder = '';
let jpeg = '';

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'browse-'));
  const picture = sharp({ create: { width: 40, height: 30, channels: 3, background: '#a53' } });
  jpeg = (await picture.jpeg().toBuffer()).toString('base64');
});
afterAll(() => rmSync(folder, { recursive: true }));

const object = (category: number, side = 10, more: Partial<PageObject> = {}): PageObject => ({
  category,
  box: [0, 0, side, side],
  area: side * side,
  ...more,
});
const right = (truth: number, score: number) => ({
  category: 0,
  box: [0, 0, 10, 10] as const,
  score,
  error: 'none' as const,
  truth,
  inCrowd: false,
});
const background = (category: number, score: number) => ({
  ...right(-1, score),
  category,
  error: 'background' as const,
});

function picture(id: number, more: Partial<PagePicture> = {}): PagePicture {
  return {
    id: String(id),
    file: `${id}.jpg`,
    width: 40,
    height: 30,
    isJudged: true,
    objects: [],
    detections: [],
    problems: [],
    ...more,
  };
}

const small: PageData = {
  title: hostile,
  subtitle: hostile,
  categories: ['plate', hostile],
  notes: [hostile],
  looseProblems: [],
  detections: { minScore: 0.5 },
  pictures: [
    picture(10, { file: 'b10.jpg', objects: [object(0)], detections: [right(0, 0.9)] }),
    picture(9, {
      file: 'b9.jpg',
      objects: [object(0), object(1, 50), object(1)],
      detections: [right(0, 0.4)],
    }),
    picture(2, { file: hostile, objects: [object(1)], detections: [background(0, 0.8), background(1, 0.3)] }),
    picture(1, {
      file: 'a.jpg',
      isJudged: false,
      isMissing: true,
      objects: [object(0, 10, { problems: [{ kind: 'box', text: hostile }] })],
      problems: [{ kind: 'missing picture', text: 'there is no such file' }],
    }),
    picture(3, { file: 'empty.jpg' }),
  ],
};

describeChromium('the page in a browser', () => {
  const browser = new TestBrowser();
  let page: Page;

  async function open(data: PageData, name = 'page.html'): Promise<void> {
    const file = path.join(folder, name);
    writeFileSync(
      file,
      browsePage(
        data,
        data.pictures.map(({ isMissing }) => (isMissing ? '' : jpeg)),
      ),
    );
    page = await browser.open(pathToFileURL(file).href);
  }
  afterEach(async () => {
    await page.close();
    // Nothing that a name says has run, and nothing has been loaded.
    expect(browser.complaints).toEqual([]);
    expect(browser.requests).toEqual([]);
  });

  /** Names of the pictures in sight, once they are drawn. */
  async function files(): Promise<string[]> {
    await page.evaluate(
      () => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))),
    );
    return page.locator('.cell .name').allTextContents();
  }
  const choose = (id: string, value: string) => page.selectOption(`#${id}`, value);
  const fill = (id: string, value: string) => page.fill(`#${id}`, value);

  test('worst pictures are first; other orders', async () => {
    await open(small);
    // Two missed objects and one that only an unsure detection finds; a wrong detection and a missed object; problems.
    expect(await files()).toEqual(['b9.jpg', hostile, 'a.jpg', 'b10.jpg', 'empty.jpg']);
    expect(await page.locator('.cell .facts').allTextContents()).toEqual([
      '3 objects, 3 errors',
      '1 object, 2 errors',
      '1 object, 2 problems',
      '1 object, 0 errors',
      '0 objects, 0 errors',
    ]);
    await choose('sort', 'id');
    expect(await files()).toEqual(['a.jpg', hostile, 'empty.jpg', 'b9.jpg', 'b10.jpg']);
    await choose('sort', 'name');
    expect((await files()).slice(1, 4)).toEqual(['a.jpg', 'b9.jpg', 'b10.jpg']);
    await choose('sort', 'objects');
    expect((await files())[0]).toBe('b9.jpg');
  });

  test('filters: one object or detection has to fulfil all', async () => {
    await open(small);
    await choose('category', '1');
    expect(await files()).toEqual(['b9.jpg', hostile]);
    await choose('size', 'medium');
    expect(await files()).toEqual(['b9.jpg']);
    await page.click('#show-all');
    await choose('verdict', 'background');
    expect(await files()).toEqual([hostile]);
    expect(await page.locator('.cell rect.detection:not(.faint)').count()).toBe(1);
    expect(await page.locator('.cell rect.truth.faint').count()).toBe(1);
    await choose('category', '1');
    expect(await files()).toEqual([]);
    // The unsure one counts from its score on.
    await fill('min-score', '0.2');
    expect(await files()).toEqual([hostile]);
    await choose('verdict', 'missed');
    await choose('category', '');
    expect(await files()).toEqual([hostile, 'b9.jpg']);
    await page.click('#show-all');
    await fill('max-score', '0.85');
    expect(await files()).toEqual([hostile]);
    await page.click('#show-all');
    await choose('problem', 'box');
    expect(await files()).toEqual(['a.jpg']);
    await page.click('#show-all');
    await choose('category', 'none');
    expect(await files()).toEqual(['empty.jpg']);
    await page.click('#show-all');
    await fill('text', 'B1');
    expect(await files()).toEqual(['b10.jpg']);
    expect(await page.textContent('#count')).toBe('1 of 5 pictures');
  });

  test('keys: from the grid to a picture and back', async () => {
    await open(small);
    const current = () => page.locator('.cell[aria-selected=true] .name').textContent();
    const name = () => page.textContent('#detail-name');
    await page.keyboard.press('j');
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('k');
    expect(await current()).toBe(hostile);
    await page.keyboard.press('Enter');
    expect(await name()).toBe(hostile);
    expect(await page.locator('#entries li').allTextContents()).toEqual([
      `${hostile}truth · missed · 10 x 10, small`,
      'plate0.80detection · background · 10 x 10, small',
    ]);
    expect(await page.locator('#viewport rect').count()).toBe(2);
    await page.keyboard.press('p');
    expect(await page.locator('#viewport rect.detection').count()).toBe(0);
    await page.keyboard.press('t');
    expect(await page.locator('#viewport rect').count()).toBe(0);
    await page.keyboard.press('ArrowRight');
    expect(await name()).toBe('a.jpg');
    expect(await page.locator('#detail-problems li').allTextContents()).toEqual([
      'missing picture: there is no such file',
      `box: ${hostile}`,
    ]);
    await page.keyboard.press('Escape');
    expect(await page.locator('#detail').isVisible()).toBe(false);
    expect(await current()).toBe('a.jpg');
    await page.keyboard.press('?');
    expect(await page.locator('#help').isVisible()).toBe(true);
    await page.keyboard.press('Escape');
    await page.keyboard.press('/');
    await page.keyboard.type('p');
    expect(await page.inputValue('#text')).toBe('p');
    expect(await page.isChecked('#show-detections')).toBe(false);
  });

  test('masks and keypoints are below boxes and can be hidden; without any there is nothing to hide', async () => {
    const shaped = object(0, 10, { outline: 'M1 1L9 1L9 9Z', keypoints: [2, 2, 2, 8, 8, 1, 0, 0, 0] });
    const detected = { ...right(0, 0.9), outline: 'M2 2L8 2L8 8Z' };
    const pictures = [picture(1, { objects: [shaped], detections: [detected] })];
    await open({ ...small, skeleton: [[0, 1], [1, 2]], pictures }); // prettier-ignore
    await files();
    const count = (what: string) => page.locator(`#grid ${what}`).count();
    expect([await count('.mask'), await count('.detection .mask')]).toEqual([2, 1]);
    // A line with its border, and a disk for each keypoint that is somewhere.
    expect([await count('.keypoints path'), await count('.keypoints circle')]).toEqual([2, 2]);
    await page.keyboard.press('Enter');
    expect(await page.locator('#viewport .mask').count()).toBe(2);
    await page.keyboard.press('m');
    expect(await page.locator('#viewport .mask, #viewport .keypoints').count()).toBe(0);
    expect(await page.locator('#viewport rect').count()).toBe(2);
    await page.keyboard.press('Escape');
    await page.keyboard.press('p');
    await page.keyboard.press('m');
    await files();
    expect([await count('.mask'), await count('rect')]).toEqual([1, 1]);
    await page.close();
    await open(small);
    expect(await page.isVisible('#show-shapes')).toBe(false);
  });

  test('zoom: the picture keeps what is under the pointer', async () => {
    await open(small);
    await page.keyboard.press('Enter');
    const view = async () => (await page.getAttribute('#viewport', 'viewBox'))!.split(' ').map(Number);
    const [, , whole] = await view();
    await page.keyboard.press('+');
    expect((await view())[2]).toBeCloseTo(whole / 1.25);
    await page.keyboard.press('0');
    expect((await view())[2]).toBeCloseTo(whole);
    const { x, y, width, height } = (await page.locator('#viewport').boundingBox())!;
    const under = async () => {
      const [left, top, w, h] = await view();
      return [left + 0.4 * w, top + 0.6 * h];
    };
    const before = await under();
    await page.mouse.move(x + 0.4 * width, y + 0.6 * height);
    await page.mouse.wheel(0, -500);
    await page.waitForFunction(
      (w) => document.getElementById('viewport')!.getAttribute('viewBox')!.split(' ')[2] !== String(w),
      whole,
    );
    const after = await under();
    expect(after[0]).toBeCloseTo(before[0], 1);
    expect(after[1]).toBeCloseTo(before[1], 1);
  });

  test('5000 pictures: elements for those in sight only, from the first to the last', async () => {
    const pictures = Array.from({ length: 5000 }, (_, k) => picture(k, { objects: [object(0)] }));
    await open({ ...small, pictures, detections: undefined }, 'many.html');
    expect(await page.textContent('#count')).toBe('5000 pictures');
    expect(await page.locator('.cell').count()).toBeLessThan(60);
    await page.keyboard.press('End');
    await page.locator('#cell-4999').waitFor();
    expect(await page.locator('.cell').count()).toBeLessThan(60);
    expect(await page.locator('#cell-0').count()).toBe(0);
    expect(await page.locator('#cell-4999').isVisible()).toBe(true);
    expect(await page.getAttribute('#grid', 'aria-activedescendant')).toBe('cell-4999');
    await page.evaluate(() => document.getElementById('grid')!.scrollTo(0, 0));
    await page.locator('#cell-0').waitFor();
    // Without detections there is nothing to ask about them.
    expect(await page.locator('#min-score').isVisible()).toBe(false);
  });
});
