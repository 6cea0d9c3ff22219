import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { loadBackend } from '../../../detection/backend/node';
import { ResNet } from '../../../detection/modeling/backbone/resnet';
import { defineModel } from '../../../detection/modeling/definitions/define-model';
import { fasterRcnnModel } from '../../../detection/modeling/definitions/faster-rcnn';
import { main } from '../../../tools/cli/main';

interface Row {
  readonly iteration: number;
  readonly total_loss: number;
  readonly [metric: string]: number;
}

/**
 * The detector that commands train here under the tiny one's name: the same with few channels, since what a run does does
 * not depend on them, and its steps and checkpoints then take a fraction of the time.
 */
const tiny = fasterRcnnModel('fasterrcnn_tiny_fpn');
const narrow = defineModel(
  { ...tiny },
  {
    name: tiny.name,
    body: (options) => new ResNet(18, { ...options, width: 4 }),
    fpnChannels: 8,
    headFeatures: 16,
    settings: {
      rpn: { preNmsTopN: { train: 60, test: 60 }, postNmsTopN: { train: 40, test: 40 } },
      roi: { batchSizePerImage: 32 },
    },
  },
);

/** A temporary folder with a few generated scenes, and what a command printed. To be made inside a describe or a file. */
export class Workplace {
  private folder = '';
  stdout = '';
  stderr = '';

  /** @param detector `tiny` where it is built by others too: by processes of their own, say. */
  constructor(private readonly detector: 'narrow' | 'tiny' = 'narrow') {
    beforeAll(async () => {
      await loadBackend();
      this.folder = mkdtempSync(path.join(tmpdir(), 'run-'));
      this.listen();
      const sizes = ['--num-train', '4', '--num-val', '2', '--size', '64'];
      expect(await main(['synthesize', '--output', this.scenes, ...sizes])).toBe(0);
    });
    beforeEach(() => this.listen());
    afterEach(() => jest.restoreAllMocks());
    afterAll(() => rmSync(this.folder, { recursive: true }));
  }

  get scenes(): string {
    return this.at('scenes');
  }

  at(...names: string[]): string {
    return path.join(this.folder, ...names);
  }

  private listen(): void {
    if (this.detector === 'narrow') {
      jest
        .spyOn(tiny, 'build')
        .mockImplementation((options) => narrow.build({ definition: tiny, ...options }));
    }
    this.stdout = '';
    this.stderr = '';
    jest.spyOn(process.stdout, 'write').mockImplementation((text) => ((this.stdout += String(text)), true));
    jest.spyOn(process.stderr, 'write').mockImplementation((text) => ((this.stderr += String(text)), true));
  }

  /** Trains the tiny detector; the status. */
  train(output: string, ...more: string[]): Promise<number> {
    return main(this.trainArguments(output, ...more));
  }

  /** To train the tiny detector. */
  trainArguments(output: string, ...more: string[]): string[] {
    const [annotations, images] = [path.join(this.scenes, 'train.json'), path.join(this.scenes, 'images')];
    const data = ['--train-annotations', annotations, '--train-images', images];
    const settings = ['--set', 'model.minSize=64', '--set', 'checkpointEvery=2'];
    return ['train', '--model', 'fasterrcnn_tiny_fpn', '--output', output, ...data, ...settings, ...more];
  }
}

/** A run's `metrics.jsonl`. */
export function metricsOf(output: string): Row[] {
  const lines = readFileSync(path.join(output, 'metrics.jsonl'), 'utf8').trim().split('\n');
  return lines.map((line) => JSON.parse(line) as Row);
}
