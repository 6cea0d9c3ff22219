import * as tf from '@tensorflow/tfjs-core';
import { summary } from '../../events/summary';
import { Module, type Parameter } from '../../nn/module';
import { RandomStream } from '../../nn/random';
import { isRecording, noGradient } from '../../nn/tfjs-internals';
import type { Losses } from '../../nn/trainable';
import { numBoxes } from '../../structures/boxes';
import type { DetectionBatch } from '../../structures/detection-batch';
import type { ImageBatch } from '../../structures/image-batch';
import type { InputSpec } from '../../structures/input-spec';
import type { Detections, Targets } from '../../structures/instances';
import type { KeypointLayout } from '../../structures/keypoint-layout';
import type { Size } from '../../structures/size';
import { selectInstances } from '../../structures/transform-instances';
import { fasterRcnnModel } from '../definitions/faster-rcnn';
import type { Detector, DetectorOptions, IouType, ModelDefinition, StateDictLayout } from '../detector';
import type { DetectorModule } from '../detector-module';
import type { SettingValues } from '../settings';

/** How a teacher teaches. */
export interface MeanTeacherOptions {
  /** What is left of the teacher after a step. It begins as a copy of the student, and first is the plain mean of all steps. */
  readonly decay: number;
  /** What the teacher finds with at least this score is an object of an unlabeled picture. Unbiased Teacher: 0.7. */
  readonly sure: number;
  /**
   * The student's losses by which it learns of unlabeled pictures. Unbiased Teacher takes those of classes alone: a score says how
   * sure the teacher is of a class, and nothing of how well its box fits.
   */
  readonly learned: readonly string[];
}

const meanTeacherDefaults: MeanTeacherOptions = {
  decay: 0.99,
  sure: 0.7,
  learned: ['loss_objectness', 'loss_classifier'],
};

const TEACHER = 'teacher.';
/** Before the names of losses of unlabeled pictures. */
const PSEUDO = 'pseudo_';
/** A region that covers so much of a picture covers all of it: the picture is unlabeled. */
const WHOLE = 0.99;

/** How pictures are disturbed for the student. Colors are in standard deviations of the model's normalization. */
const DISTURBANCE = {
  contrast: 0.4,
  color: 0.15,
  brightness: 0.4,
  rectangles: 3,
  smallest: 0.05,
  largest: 0.2,
};

/**
 * Claim: a model may learn from pictures without labels, and the trainer need not know it.
 *
 * Mean teacher (Tarvainen and Valpola 2017) for detectors, as Unbiased Teacher (Liu et al. 2021) has it: the teacher is the
 * moving average of the student's weights. In the training-mode forward it finds objects in the unlabeled pictures, and the student
 * learns to classify the same ones in the disturbed pictures. A picture is unlabeled where a region to ignore covers it: a plain
 * detector learns nothing from it. What detects is the teacher.
 *
 * Parameters are the student's, under the names of the detector that it is. The teacher is a buffer, so the trainer and checkpoints
 * treat it as they do running statistics.
 */
export class MeanTeacher extends Module implements Detector {
  readonly input: InputSpec;
  readonly categories: readonly string[];
  readonly settings: SettingValues;
  readonly keypoints?: KeypointLayout;
  readonly lossNames: readonly string[];
  readonly iouTypes: readonly IouType[];
  private readonly student: DetectorModule;
  private readonly teacher: DetectorModule;
  private readonly disturbances: RandomStream;
  /** Steps that the teacher is the average of. */
  private readonly steps: Parameter;

  /** Takes over two detectors of the same kind. @param random what pictures are disturbed with */
  constructor(
    readonly definition: ModelDefinition,
    student: DetectorModule,
    teacher: DetectorModule,
    random: RandomStream,
    private readonly options: MeanTeacherOptions,
  ) {
    super();
    this.student = this.part(student);
    this.teacher = this.child('teacher', teacher);
    teacher.freeze();
    this.steps = this.buffer('teacher_steps', tf.scalar(0, 'int32'));
    this.disturbances = this.stream(random);
    this.input = student.input;
    this.categories = student.categories;
    this.settings = student.settings;
    this.keypoints = student.keypoints;
    this.lossNames = [...student.lossNames, ...options.learned.map((name) => PSEUDO + name)];
    this.iouTypes = student.iouTypes;
  }

  override *namedParameters(prefix = ''): Generator<[string, Parameter]> {
    yield* this.student.namedParameters(prefix);
  }

  override *namedBuffers(prefix = ''): Generator<[string, Parameter]> {
    yield* super.namedBuffers(prefix);
    yield* this.teacher.namedParameters(prefix + TEACHER);
  }

  /** The student's, of disturbed pictures; outside of training those of the detector that detects. The caller disposes. */
  losses(batch: DetectionBatch): Losses {
    if (!isRecording()) return this.detector().losses(batch);
    return tf.tidy(() => {
      this.followStudent();
      const isWithout = batch.targets.map((target, image) => isUnlabeled(target, batch.images.sizes[image]));
      const labeled = selected(batch, (image) => !isWithout[image]);
      const unlabeled = selected(batch, (image) => isWithout[image]);
      return { ...(labeled && this.lossesOf(labeled)), ...(unlabeled && this.pseudoLosses(unlabeled)) };
    });
  }

  private lossesOf(batch: DetectionBatch): Losses {
    return this.student.losses({ ...batch, images: this.disturbed(batch.images) });
  }

  private pseudoLosses(batch: DetectionBatch): Losses {
    const losses = this.lossesOf({ ...batch, targets: this.pseudoTargets(batch.images) });
    return Object.fromEntries(this.options.learned.map((name) => [PSEUDO + name, losses[name]]));
  }

  detect(images: ImageBatch): Detections[] {
    return this.detector().detect(images);
  }

  detectAsync(images: ImageBatch): Promise<Detections[]> {
    return this.detector().detectAsync(images);
  }

  /** The teacher, from the first step on. */
  private detector(): DetectorModule {
    return this.steps.value.dataSync()[0] === 0 ? this.student : this.teacher;
  }

  /** Takes the weights that the student has now into the average. */
  private followStudent(): void {
    const [steps] = this.steps.value.dataSync();
    const kept = Math.min(this.options.decay, steps / (steps + 1));
    const ofStudent = this.student.stateDict();
    for (const [name, { variable }] of this.teacher.stateDict()) {
      const weight = ofStudent.get(name)!.value;
      // What is frozen has been the student's own since the first step.
      if (variable.dataId === weight.dataId) continue;
      const isCounter = weight.dtype !== 'float32';
      variable.assign(
        kept === 0 || isCounter ? weight : tf.add(variable, tf.mul(tf.sub(weight, variable), 1 - kept)),
      );
    }
    this.steps.variable.assign(tf.scalar(steps + 1, 'int32'));
  }

  /** What the teacher is sure of, in pixels of the resized pictures. */
  private pseudoTargets(images: ImageBatch): Targets[] {
    const found = noGradient(() => this.teacher.detect({ ...images, originalSizes: images.sizes }));
    const targets = found.map((detections) => {
      const { scores } = detections;
      const sure = Int32Array.from(scores.keys()).filter((i) => scores[i] >= this.options.sure);
      return selectInstances(detections, sure);
    });
    const numObjects = targets.reduce((sum, { labels }) => sum + labels.length, 0);
    summary.scalar('mean_teacher/num_objects', numObjects / targets.length);
    return targets;
  }

  /** Pictures with other colors, in which rectangles are painted over. */
  private disturbed({ tensor, ...others }: ImageBatch): ImageBatch {
    const [numImages, height, width] = tensor.shape;
    const { contrast, color, brightness } = DISTURBANCE;
    const random = this.disturbances;
    const factors: number[] = [];
    const offsets: number[] = [];
    const visible = new Float32Array(numImages * height * width);
    for (const [image, size] of others.sizes.entries()) {
      const factor = random.between(1 - contrast, 1 + contrast);
      for (let channel = 0; channel < 3; channel++)
        factors.push(factor * random.between(1 - color, 1 + color));
      offsets.push(random.between(-brightness, brightness));
      const ofImage = visible.subarray(image * height * width, (image + 1) * height * width);
      paint(ofImage, width, { x: 0, y: 0, ...size }, 1);
      for (let k = random.integer(DISTURBANCE.rectangles + 1); k > 0; k--) {
        paint(ofImage, width, this.rectangle(size), 0);
      }
    }
    return {
      ...others,
      tensor: tf.mul(
        tf.add(
          tf.mul(tensor, tf.tensor4d(factors, [numImages, 1, 1, 3])),
          tf.tensor4d(offsets, [numImages, 1, 1, 1]),
        ),
        tf.tensor4d(visible, [numImages, height, width, 1]),
      ),
    };
  }

  private rectangle({ height, width }: Size): Rectangle {
    const { smallest, largest } = DISTURBANCE;
    const side = (whole: number): number => Math.ceil(whole * this.disturbances.between(smallest, largest));
    const [itsHeight, itsWidth] = [side(height), side(width)];
    const x = this.disturbances.integer(width - itsWidth + 1);
    const y = this.disturbances.integer(height - itsHeight + 1);
    return { x, y, height: itsHeight, width: itsWidth };
  }
}

interface Rectangle extends Size {
  readonly x: number;
  readonly y: number;
}

function paint(
  pixels: Float32Array,
  rowLength: number,
  { x, y, height, width }: Rectangle,
  value: 0 | 1,
): void {
  for (let row = y; row < y + height; row++)
    pixels.fill(value, row * rowLength + x, row * rowLength + x + width);
}

/** Some images of a batch; undefined where there is none. To be called in a tidy. */
function selected(
  { images, targets, imageIds }: DetectionBatch,
  isTaken: (image: number) => boolean,
): DetectionBatch | undefined {
  const taken = [...targets.keys()].filter(isTaken);
  if (taken.length === 0) return undefined;
  const of = <T>(list: readonly T[]): T[] => taken.map((image) => list[image]);
  return {
    images: {
      tensor: tf.gather(images.tensor, taken),
      sizes: of(images.sizes),
      originalSizes: of(images.originalSizes),
    },
    targets: of(targets),
    imageIds: of(imageIds),
  };
}

/** Whether one region to ignore covers a picture that has no objects. */
function isUnlabeled({ labels, ignored }: Targets, { height, width }: Size): boolean {
  if (labels.length > 0 || !ignored) return false;
  return Array.from({ length: numBoxes(ignored) }, (_, i) => ignored.subarray(4 * i, 4 * i + 4)).some(
    ([x1, y1, x2, y2]) => (x2 - x1) * (y2 - y1) >= WHOLE * height * width,
  );
}

/**
 * The definition of a detector that learns from unlabeled pictures too, by its own teacher. It starts from weights of the detector
 * that it is made of, or of an image classifier.
 *
 * @param base of any family
 */
export function meanTeacher<Options extends DetectorOptions, Built extends DetectorModule>(
  base: ModelDefinition<Options, Built>,
  changes: Partial<MeanTeacherOptions> = {},
): ModelDefinition<Options, MeanTeacher> {
  const definition: ModelDefinition<Options, MeanTeacher> = {
    ...base,
    name: `${base.name}_mean_teacher`,
    stateDict: withTeacher(base.stateDict),
    build: (options) => {
      // Some losses of unlabeled pictures are left out, which a head that is differentiated in the forward does not allow.
      const own = { definition, ...options, headGradients: 'at-the-end' as const };
      return new MeanTeacher(
        own.definition,
        base.build(own),
        base.build({ ...own, awaitsWeights: true }),
        new RandomStream(options.seed ?? 0, 'disturbances'),
        { ...meanTeacherDefaults, ...changes },
      );
    },
  };
  return definition;
}

/** An entry of the teacher means what the student's does, and a file of a plain detector has none. */
function withTeacher(layout: StateDictLayout): StateDictLayout {
  const plain = (entry: string): string => (entry.startsWith(TEACHER) ? entry.slice(TEACHER.length) : entry);
  return {
    ...layout,
    rowsOfClass: (entry, ...place) => layout.rowsOfClass(plain(entry), ...place),
    isPredictor: (entry) => layout.isPredictor(plain(entry)),
    isKeypointPredictor: (entry) => layout.isKeypointPredictor?.(plain(entry)) === true,
    headOf: (entry) => layout.headOf?.(plain(entry)),
    mayBeMissing: (entry) => entry.startsWith(TEACHER) || entry === 'teacher_steps',
  };
}

export default meanTeacher(fasterRcnnModel('fasterrcnn_efficientnet_lite0_fpn'));
