import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { evaluateDetections, type CocoEvaluation } from '../../../../datasets/evaluation/evaluate';
import { readFound } from '../../../../datasets/evaluation/truth/read-found';
import { readTruth } from '../../../../datasets/evaluation/truth/read-truth';
import { InputError } from '../../../../detection/errors';
import { rejectionOf } from '../../../thrown';

type Entry = Record<string, unknown>;
type Lists = Record<'images' | 'categories' | 'annotations' | 'detections', Entry[]>;

/** What pycocotools makes of files that are odd; null where it fails. fixtures/make-odd-truths.py made it. */
const { base, cases } = JSON.parse(
  readFileSync(path.join(__dirname, '..', 'fixtures', 'odd-truths.json'), 'utf8'),
) as { base: Lists; cases: (Partial<Lists> & { name: string; stats: number[] | null })[] };

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'truth-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

async function evaluate(
  lists: Partial<Lists>,
  iouType: 'bbox' | 'segm' = 'bbox',
): Promise<{ evaluation: CocoEvaluation; notes: readonly string[] }> {
  const { detections, ...truthLists } = { ...base, ...lists };
  const [truthFile, detectionsFile] = ['truth.json', 'detections.json'].map((name) =>
    path.join(folder, name),
  );
  const present = Object.entries(truthLists).filter(([, list]) => (list as unknown) !== null);
  writeFileSync(truthFile, asPythonWrites(Object.fromEntries(present)));
  writeFileSync(detectionsFile, asPythonWrites(detections));
  const truth = await readTruth(truthFile, iouType);
  const found = await readFound(detectionsFile, truth, iouType);
  const evaluation = evaluateDetections(truth.dataset, found.detections, { iouType, nonFinite: true });
  return { evaluation, notes: [...truth.dataset.notes, ...found.notes] };
}

/** With the numbers that JSON lacks: "<NaN>" stands for NaN. */
function asPythonWrites(content: unknown): string {
  return JSON.stringify(content).replace(/"<(.+?)>"/g, '$1');
}

const iouTypeOf = (name: string) => (name.startsWith('segm') ? 'segm' : 'bbox');
const byName = ({ name, stats, ...lists }: (typeof cases)[number]) => [name, { stats, lists }] as const;

/** What pycocotools takes all the same. */
const refused = ['dt_score_nan'];

test.each(cases.filter(({ name, stats }) => stats !== null && !refused.includes(name)).map(byName))(
  '%s is evaluated as by pycocotools',
  async (name, { stats, lists }) => {
    const { evaluation } = await evaluate(lists, iouTypeOf(name));
    expect(evaluation.stats).toHaveLength(12);
    evaluation.stats.forEach((stat, i) => expect(Math.abs(stat - stats![i])).toBeLessThan(1e-9));
  },
);

/** What has one meaning, though pycocotools fails on it. */
const filledIn = ['area_absent', 'crowd_absent', 'ann_id_words'];

test.each(cases.filter(({ stats }) => stats === null).map(byName))(
  '%s, on which pycocotools fails, is filled in or refused',
  async (name, { lists }) => {
    if (filledIn.includes(name)) {
      const { evaluation } = await evaluate(lists);
      const [plain] = cases;
      evaluation.stats.forEach((stat, i) => expect(Math.abs(stat - plain.stats![i])).toBeLessThan(1e-9));
    } else {
      expect(await rejectionOf(evaluate(lists, iouTypeOf(name)))).toBeInstanceOf(InputError);
    }
  },
);

test.each([
  ['size_absent', /^Images without a width or height from 1 up: 3\. Evaluation of boxes needs none\.$/],
  ['segm_size_zero', /^Images without .*: 1\. Polygons in them are empty masks\.$/],
  ['box_outside', /^Boxes wholly outside of their image: 1 \(annotations\[0\]\)\. They count as objects\./],
  ['box_negative', /^Annotations with a negative width or height: 1 \(annotations\[1\]\)\. Nothing overlaps/],
  ['area_absent', /^Annotations without "area": 1 \(annotations\[0\]\)\. width \* height/],
  ['crowd_absent', /^Annotations without "iscrowd": 1 \(annotations\[0\]\)\. 0 is used\.$/],
  ['crowd_text0', /^Annotations whose "iscrowd" is text: 1 .*"0" too: the objects are ignored\./],
  ['ann_id_zero', /^An annotation has id 0\./],
  ['ann_ids_restart', /^Annotations with the id of another one: 10\. pycocotools takes the last of an id/],
  ['ann_unknown_image', /^Annotations of images that the file lacks: 1 \(annotations\[0\]: 77\)\./],
  ['ann_image_text', /^Annotations of images that the file lacks: 1 \(annotations\[0\]: "3"\)\./],
  ['ann_unknown_category', /^Annotations of categories that the file lacks: 1 \(annotations\[0\]: 77\)\./],
  ['image_twice', /^Entries of "images" with the id of another one: 1\. The last of an id counts\.$/],
  ['image_ids_fractional', /^Ids of "images" that are no whole numbers: 3\. They are taken as they are\./],
  ['category_ids_fractional', /^Ids of "categories" that are no whole numbers: 2\./],
  [
    'box_nan_left',
    /^Annotations whose box has NaN or an infinite number: 1 \(annotations\[0\]\)\. As in pyco/,
  ],
  [
    'boxes_nan',
    /^Annotations whose box has NaN .*: 5 \(annotations\[1\], annotations\[3\], annotations\[6\], \.\.\.\)/,
  ],
  [
    'area_nan',
    /^Annotations whose "area" is NaN or infinite: 1 \(annotations\[0\]\)\. Objects with NaN count as/,
  ],
  [
    'segm_rle_size',
    /^Masks of another size than their image: 2 \(annotations\[0\], annotations\[2\]\)\. As in/,
  ],
  [
    'segm_odd_count',
    /^Polygons with an odd number of coordinates: 1 \(annotations\[0\]\)\. .* the last one is left out\.$/,
  ],
  ['dt_negative', /^Detections with a negative width or height: 2 \(\[0\], \[1\]\)\. They overlap nothing/],
  [
    'dt_nan_height',
    /^Detections whose box has NaN or an infinite number: 2 \(\[0\], \[7\]\)\. .* counts as a match/,
  ],
  [
    'dt_score_true',
    /^Detections whose score is true or false: 2 \(\[0\], \[1\]\)\. As in Python, that is 1 and 0\.$/,
  ],
  [
    'dt_score_infinite',
    /^Detections with an infinite score: 3 \(\[0\], \[1\], \[2\]\)\. They come before all others/,
  ],
  ['segm_dt_size', /^Masks of detections of another size than their image: 1 \(\[0\]\)\. As in pycocotools/],
  ['image_ids_text', /^Ids of "images" are text\. In the result they are numbered from 1/],
])('%s is told', async (name, note) => {
  const [, { lists }] = byName(cases.find((each) => each.name === name)!);
  const { notes } = await evaluate(lists, iouTypeOf(name));
  expect(notes).toEqual([expect.stringMatching(note)]);
});

test('a file in which nothing is odd has no notes', async () => {
  expect((await evaluate({})).notes).toEqual([]);
});

test('a box that masks do not need is not told', async () => {
  const { lists } = byName(cases.find(({ name }) => name === 'segm_box_nan')!)[1];
  expect((await evaluate(lists, 'segm')).notes).toEqual([]);
});

test('a score that is NaN is refused', async () => {
  const { lists } = byName(cases.find(({ name }) => name === 'dt_score_nan')!)[1];
  const error = await rejectionOf(evaluate(lists));
  expect((error as Error).message).toMatch(
    /detections\.json: \[0\]\.score: it is NaN, not a finite number\.$/,
  );
});

test('all that is wrong is in one message', async () => {
  const annotations = [...base.annotations];
  annotations[1] = { ...annotations[1], bbox: [1, 2] };
  annotations[2] = { ...annotations[2], area: null };
  const images = [...base.images, { id: null }];
  const error = await rejectionOf(evaluate({ images, annotations }));
  expect((error as Error).message).toMatch(
    /truth\.json: 3 problems:\n {2}images\[3\]\.id: the id is null.*\n {2}annotations\[1\]\.bbox: .*\n {2}annotations\[2\]\.area: /,
  );
});
