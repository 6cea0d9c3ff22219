import { statSync } from 'node:fs';
import { modelDefinitions } from '../../detection/modeling/definitions';
import type { PublishedWeights } from '../../detection/modeling/detector';
import type { ModelDefinition } from '../../detection/modeling/detector';
import { sha256Of } from '../file-hash';

/** Where torchvision's files are. */
export const PUBLISHED_URL = 'https://download.pytorch.org/models';

/** Names of members of torchvision's enumerations of weights, which some model here has. */
export const weightsNames: readonly string[] = [
  ...new Set(modelDefinitions.flatMap(({ published }) => Object.keys(published))),
].sort();

export function isWeightsName(text: string): boolean {
  return weightsNames.includes(text);
}

/** The models that have published weights of this name. */
export function modelsWith(weightsName: string): ModelDefinition[] {
  return modelDefinitions.filter(({ published }) => Object.hasOwn(published, weightsName));
}

/** A published file, and the first model that it is for: the very detector, or one with the classifier's backbone. */
export interface Publication {
  readonly weights: PublishedWeights;
  readonly definition: ModelDefinition;
}

function publications(): Publication[] {
  return modelDefinitions.flatMap((definition) =>
    Object.values(definition.published).map((weights) => ({ weights, definition })),
  );
}

/** The digits in a file's name with which its SHA-256 begins (torch.hub's convention). */
export function sha256Prefix({ file }: Pick<PublishedWeights, 'file'>): string {
  const digits = /-([0-9a-f]{8,})\.\w+$/.exec(file)?.[1];
  if (digits === undefined) throw new Error(`${file}: its name has no digits of its SHA-256`);
  return digits;
}

/** Relative tolerance of a published size, which is rounded to a tenth of a MiB. */
const SIZE_TOLERANCE = 0.01;

/** Whether a number of bytes can be that of a published file. */
export function isPublishedSize({ mebibytes }: Pick<PublishedWeights, 'mebibytes'>, bytes: number): boolean {
  return Math.abs(bytes / 2 ** 20 - mebibytes) <= SIZE_TOLERANCE * mebibytes;
}

/** Whether torchvision publishes a file of this name, whatever the content of this one. */
export function isPublishedName(name: string): boolean {
  return publications().some(({ weights }) => weights.file === name);
}

/** Which of the published files a file is, by its content; undefined where it is none of them, or there is no file. */
export async function identifyPublished(file: string): Promise<Publication | undefined> {
  const found = statSync(file, { throwIfNoEntry: false });
  if (found?.isFile() !== true) return undefined;
  const candidates = publications().filter(({ weights }) => isPublishedSize(weights, found.size));
  if (candidates.length === 0) return undefined;
  const hash = await sha256Of(file);
  return candidates.find(({ weights }) => hash.startsWith(sha256Prefix(weights)));
}
