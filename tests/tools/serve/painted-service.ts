import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { FastifyInstance } from 'fastify';
import sharp from 'sharp';
import {
  DetectionService,
  type BatchDetector,
  type ServiceLimits,
} from '../../../tools/serve/detection-service';
import {
  AnsweringDetector,
  type BatchAnswer,
  type SentPicture,
} from '../../../tools/serve/answering-detector';
import { createServer } from '../../../tools/serve/server';
import { paint, paintDetector } from '../../datasets/inference/paint-detector';

/** What its labels mean. */
export const paintCategories = [
  { id: 7, name: 'paint' },
  { id: 8, name: 'other paint' },
];

/** A file with rectangles, as many as are wanted. */
export async function paintedFile(count = 1): Promise<Buffer> {
  const rectangles = Array.from({ length: count }, (_, k) => ({
    box: [4 + 16 * k, 8, 14 + 16 * k, 30] as const,
    label: 1 + (k % 2),
  }));
  const { pixels, size } = paint({ width: 96, height: 64 }, rectangles);
  return sharp(pixels, { raw: { ...size, channels: 3 } })
    .png()
    .toBuffer();
}

/** A detector in this thread, which can be held. */
export class HeldDetector implements BatchDetector {
  isReady = true;
  /** Names and numbers of bytes of the pictures of each batch. */
  readonly batches: (readonly SentPicture[])[] = [];
  /** What a batch waits for. */
  held: Promise<void> = Promise.resolve();
  private readonly detector = new AnsweringDetector(
    { model: paintDetector(64), categories: paintCategories },
    { inference: { batchSize: 4, maxPixels: 1e6 } },
  );

  async detect(pictures: readonly SentPicture[]): Promise<BatchAnswer> {
    this.batches.push(pictures);
    await this.held;
    return this.detector.detect(pictures);
  }

  /** Holds what comes from now on; returns what lets it go. */
  hold(): () => void {
    let release = (): void => undefined;
    this.held = new Promise((resolve) => (release = resolve));
    return release;
  }
}

/** A service with such a detector. */
export interface PaintedService {
  readonly detector: HeldDetector;
  readonly service: DetectionService;
  readonly app: FastifyInstance;
}

export async function paintedService(limits: Partial<ServiceLimits> = {}): Promise<PaintedService> {
  const detector = new HeldDetector();
  const service = new DetectionService(detector, {
    maxPictures: 3,
    maxBytes: 10_000,
    batchSize: 4,
    timeoutSeconds: 60,
    ...limits,
  });
  return { detector, service, app: await createServer(service, '1.2.3') };
}

/** The body of a form with one file. */
export function formWith(bytes: Buffer, name: string): { payload: Buffer; headers: Record<string, string> } {
  const head = `--x\r\nContent-Disposition: form-data; name="comment"\r\n\r\nmine\r\n--x\r\nContent-Disposition: form-data; name="picture"; filename="${name}"\r\n\r\n`;
  return {
    payload: Buffer.concat([Buffer.from(head), bytes, Buffer.from('\r\n--x--\r\n')]),
    headers: { 'content-type': 'multipart/form-data; boundary=x' },
  };
}

/** The package's own version, which the program reads. */
export function versionInPackage(): string {
  const file = path.resolve(__dirname, '../../../package.json');
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}
