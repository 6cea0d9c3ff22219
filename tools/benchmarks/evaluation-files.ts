import { RandomStream } from '../../detection/nn/random';

/** val2017's. */
const NUM_IMAGES = 5000;
const NUM_CATEGORIES = 80;
const NUM_BOXES = 36_000;
const NUM_DETECTIONS = 250_000;
const WIDTH = 640;
const HEIGHT = 480;

type Box = [x: number, y: number, width: number, height: number];

/** An instances file of val2017's size and a file of detections, of which a good half lie near a true box. */
export function makeEvaluationFiles(): { instances: string; detections: string } {
  const random = new RandomStream(0, 'evaluation-files');
  const rounded = (value: number): number => Math.round(value * 100) / 100;
  const side = (limit: number): number => Math.min(limit, Math.max(3, Math.exp(4 + 0.9 * random.normal())));
  const randomBox = (): Box => {
    const [width, height] = [side(WIDTH), side(HEIGHT)];
    return [random.between(0, WIDTH - width), random.between(0, HEIGHT - height), width, height];
  };
  // A few categories have most objects, as in COCO.
  const category = (): number => 1 + Math.floor(NUM_CATEGORIES * random.uniform() ** 3);
  const images = Array.from({ length: NUM_IMAGES }, (_, i) => {
    return { id: 7 * i + 3, width: WIDTH, height: HEIGHT, file_name: `${i}.jpg` };
  });
  const annotations = Array.from({ length: NUM_BOXES }, (_, i) => {
    const bbox = randomBox().map(rounded);
    return {
      id: i + 1,
      image_id: random.pick(images).id,
      category_id: category(),
      bbox,
      area: rounded(0.7 * bbox[2] * bbox[3]),
      iscrowd: Number(random.uniform() < 0.01),
    };
  });
  const detections = Array.from({ length: NUM_DETECTIONS }, () => {
    if (random.uniform() < 0.4) {
      const box = randomBox().map(rounded);
      const score = random.uniform() ** 2;
      return { image_id: random.pick(images).id, category_id: category(), bbox: box, score };
    }
    const truth = random.pick(annotations);
    return {
      image_id: truth.image_id,
      category_id: random.uniform() < 0.8 ? truth.category_id : category(),
      bbox: truth.bbox.map((value) => Math.max(0.1, rounded(value * (1 + 0.1 * random.normal())))),
      score: random.uniform(),
    };
  });
  const categories = Array.from({ length: NUM_CATEGORIES }, (_, i) => ({
    id: i + 1,
    name: `category ${i + 1}`,
  }));
  return {
    instances: JSON.stringify({ images, categories, annotations }),
    detections: JSON.stringify(detections),
  };
}
